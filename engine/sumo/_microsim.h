// The few functions of SUMO's microscopic core that are read for every vehicle in every step.
//
// The wheel ships the headers of libsumo only, and libsumo looks a vehicle up by its name at each call: three calls
// per vehicle and second cost 11 % of a simulation's instructions, these cost under 1 %. The library exports the
// functions themselves, under names that depend on nothing but what is declared here; a library that lacks one of
// them does not load, and libsumo's Python interface takes over (engine/sumo/backends.py).
//
// A pointer is valid from a vehicle's departure until SUMO reports its arrival: MSVehicleControl deletes vehicles that
// have departed in one place only, and that place reports them.
#pragma once

#include <string>
#include <vector>

class MSLane {
public:
    static MSLane* dictionary(const std::string& id);
};

class PollutantsInterface {
public:
    enum EmissionType { CO2, CO, HC, FUEL, NO_X, PM_X, ELEC };
};

class MSBaseVehicle {
public:
    template <PollutantsInterface::EmissionType what>
    double getEmissions() const;
};

class MSVehicle {
public:
    bool isOnRoad() const;
    const MSLane* getLane() const;
    double getPositionOnLane() const;
    double getSpeed() const;
    double getTimeLossSeconds() const;
    const std::vector<MSLane*>& getBestLanesContinuation(const MSLane* lane) const;
};

namespace libsumo {
class Helper {
public:
    static MSBaseVehicle* getVehicle(const std::string& id);
};
}  // namespace libsumo

// Our runs are microscopic (the options say so), and there every vehicle is an MSVehicle, whose first base is
// MSBaseVehicle.
static inline const MSVehicle* microscopic_vehicle(const std::string& id) {
    return reinterpret_cast<const MSVehicle*>(libsumo::Helper::getVehicle(id));
}

// Milligrams of CO2, and of fuel what --emissions.volumetric-fuel makes of it, per second.
static inline double co2_of(const MSVehicle* vehicle) {
    return reinterpret_cast<const MSBaseVehicle*>(vehicle)->getEmissions<PollutantsInterface::CO2>();
}

static inline double fuel_of(const MSVehicle* vehicle) {
    return reinterpret_cast<const MSBaseVehicle*>(vehicle)->getEmissions<PollutantsInterface::FUEL>();
}
