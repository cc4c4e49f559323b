"""Two signals on an avenue as GMNS tables, made up: node 1 with its timing, node 2 without, and a cycle path beside them."""

from pathlib import Path

NODES = {"1": (0, 0), "2": (400, 0), "W": (-300, 0), "E": (700, 0), "N1": (0, 300), "S1": (0, -300), "N2": (400, 300),
         "S2": (400, -300)}  # fmt: skip
SIDES = {"1": {"W": "W", "E": "2", "N": "N1", "S": "S1"}, "2": {"W": "1", "E": "E", "N": "N2", "S": "S2"}}
"""What lies where from each signal."""
AROUND = "WSEN"
"""Counter-clockwise: from each side the next is the right turn, then straight on, then the left turn."""


def link(start, end):
    return f"{start}-{end}"


def movements():
    """Yield (id, node, from link, from lanes, to link, to lanes, type)."""
    for node, sides in SIDES.items():
        for i, side in enumerate(AROUND):
            avenue = side in "WE"
            for turn, place in (("right", 1), ("thru", 2), ("left", 3)):
                to = AROUND[(i + place) % 4]
                lanes = {"right": (2, 2), "thru": (1, 2), "left": (-1, -1)}[turn] if avenue else (1, 1)
                to_lanes = (1, 2) if avenue and turn == "thru" else (1, 1)
                name = f"{node}{side}{turn[0]}"
                yield name, node, link(sides[side], node), lanes, link(node, sides[to]), to_lanes, turn


def tables():
    """Return the text of each table by its name."""
    roads = dict.fromkeys(pair for node, sides in SIDES.items() for end in sides.values()
                          for pair in ((end, node), (node, end)))  # fmt: skip
    links = []
    for start, end in roads:
        lanes = 2 if {start, end} <= {"1", "2", "W", "E"} else 1
        length = abs(NODES[start][0] - NODES[end][0]) + abs(NODES[start][1] - NODES[end][1])
        links.append(f"{link(start, end)},{'Avenue' if lanes == 2 else ''},{start},{end},1,{length},50,{lanes},ALL")
    links.append("path,Riverside,W,E,1,1000,20,1,BIKE")
    segments = [f"s{i},{name},{ref},{begin},{end},1" for i, (name, ref, begin, end) in enumerate((
        ("W-1", "W", 220, 300), ("2-1", "2", 330, 400), ("1-2", "1", 330, 400), ("E-2", "2", 0, 80)))]  # fmt: skip
    rows = [f"{name},{node},{start},{a},{b},{to},{c},{d},{turn},signal"
            for name, node, start, (a, b), to, (c, d), turn in movements()]  # fmt: skip
    rows.append("bike,1,path,1,1,path,1,1,thru,signal")
    served = [f"p{i},{'T2' if name[1] in 'WE' else 'T4'},{name},{'permitted' if name[2] == 'l' else 'protected'}"
              for i, (name, *_) in enumerate(of for of in movements() if of[1] == "1")]  # fmt: skip
    return {
        "config": ["dataset_name,short_length,long_length,speed", "avenue,m,m,kph"],
        "node": ["node_id,x_coord,y_coord,ctrl_type",
                 *(f"{name},{x},{y},{'signal' if name in SIDES else ''}" for name, (x, y) in NODES.items())],
        "link": ["link_id,name,from_node_id,to_node_id,directed,length,free_speed,lanes,allowed_uses", *links],
        "segment": ["segment_id,link_id,ref_node_id,start_lr,end_lr,l_lanes_added", *segments],
        "movement": ["mvmt_id,node_id,ib_link_id,start_ib_lane,end_ib_lane,ob_link_id,start_ob_lane,end_ob_lane,type,ctrl_type",
                     *rows],
        "signal_controller": ["controller_id", "c1"],
        "signal_timing_plan": ["timing_plan_id,controller_id,cycle_length", "P,c1,60"],
        "signal_coordination": ["coordination_id,timing_plan_id,controller_id,coord_phase,coord_ref_to,offset",
                                "1,P,c1,2,begin_of_green,12"],
        "signal_timing_phase": ["timing_phase_id,timing_plan_id,signal_phase_num,min_green,clearance,ring,barrier,position",
                                "T2,P,2,30,5,1,1,1", "T4,P,4,20,5,1,2,1"],
        "signal_phase_mvmt": ["signal_phase_mvmt_id,timing_phase_id,mvmt_id,protection", *served],
        "zone": ["zone_id,name", "1,somewhere"],
    }  # fmt: skip


def write(folder: Path, **changed: tuple[str, str]) -> Path:
    """Write the tables; `changed` replaces one text by another in the table of its name."""
    folder.mkdir(parents=True)
    for name, lines in tables().items():
        text = "\n".join(lines) + "\n"
        if name in changed:
            assert changed[name][0] in text
            text = text.replace(*changed[name], 1)
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder
