"""A reader of our pages in a real browser: what the browser says, asks for, and what axe-core objects to."""


class Reader:
    """A reader of one page, and what the browser said meanwhile."""

    def __init__(self, browser, file, open_now=True, **context):
        self.context = browser.new_context(viewport={"width": 1200, "height": 900}, **context)
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.url = f"file://{file}"
        if open_now:
            self.page.goto(self.url)

    def scroll_through(self):
        """Go down the whole page, so that every chart is painted."""
        for chart in self.page.query_selector_all(".chart"):
            chart.scroll_into_view_if_needed()
            chart.wait_for_selector(".main-svg")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def barriers(self):
        """Return the serious faults that axe-core finds, each with the elements that have it."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response
        assert len(found["passes"]) > 10, "axe-core has hardly looked"
        serious = [rule for rule in found["violations"] if rule["impact"] in ("serious", "critical")]
        return [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in serious]
