"""What a student does in JupyterLab, by its buttons, from fetching to the feedback.

Everything waits for what a person would see, and nothing for a time.
"""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

START_MS = 120_000
"""How long a server may take to start, on a machine that is busy."""
ACT_MS = 60_000


def log_in(page: Page, name: str, password: str) -> None:
    """Fill in the hub's login form, which is open."""
    page.fill("#username_input", name)
    page.fill("#password_input", password)
    page.click("#login_submit")


class JupyterLab:
    """The JupyterLab of whoever is logged in.

    Args:
        page: a window of their browser that shows it, or will in a moment.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        page.locator("#jp-main-dock-panel .lm-TabBar-tab").first.wait_for(timeout=START_MS)

    def open_assignment_list(self) -> None:
        """Nbgrader, Assignment List; the launcher that stands there is replaced by it."""
        self.page.get_by_role("menuitem", name="Nbgrader").click()
        items = self.page.get_by_role("menu").get_by_role("menuitem")
        # What instructors have besides is not in a student's menu.
        expect(items).to_have_text(["Assignment List"])
        items.click()
        self.page.locator("#assignments").wait_for()

    def assignments(self, part: str, assignment: str) -> Locator:
        """One assignment in the list of what is `released`, `fetched` or `submitted`."""
        found = self.page.locator(f"#{part}_assignments_list > .list_item")
        return found.filter(has_text=assignment)

    def fetch(self, assignment: str) -> None:
        """Fetch a released assignment."""
        self.assignments("released", assignment).get_by_role("button", name="Fetch").click()
        self.assignments("fetched", assignment).wait_for(timeout=ACT_MS)

    def open_notebook(self, assignment: str, notebook: str) -> None:
        """Open a notebook of a fetched assignment, and wait for its kernel."""
        fetched = self.assignments("fetched", assignment)
        fetched.locator(".assignment-notebooks-link").click()
        fetched.locator(".nested_list_item a").filter(has_text=notebook).click()
        idle = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
        self.page.locator(idle).wait_for(timeout=ACT_MS)

    def write(self, begins: str, source: str) -> None:
        """Replace the code of the cell that begins so, as a person does: click, select all, type.

        Args:
            begins: a part of the cell's first line.
            source: the new code.
        """
        cell = self.page.locator(".jp-Notebook .jp-CodeCell").filter(has_text=begins).first
        cell.scroll_into_view_if_needed()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        expect(cell.locator(".cm-content")).to_contain_text(source.splitlines()[-1].strip())

    def validate(self) -> str:
        """Save and press Validate; what the dialog says."""
        self.page.locator("jp-button", has_text="Validate").click()
        dialog = self.page.locator(".jp-Dialog .validation-message, .jp-Dialog-body")
        dialog.first.wait_for(timeout=ACT_MS)
        said = dialog.first.inner_text()
        self.page.locator(".jp-Dialog-button.jp-mod-accept").click()
        return said

    def submit(self, assignment: str) -> None:
        """Hand in, in the Assignment List, and wait until it is listed."""
        self.page.locator(".lm-TabBar-tab", has_text="Assignments").click()
        handed_in = self.assignments("submitted", assignment).locator(".nested_list_item")
        count = handed_in.count()
        self.assignments("fetched", assignment).get_by_role("button", name="Submit").click()
        expect(handed_in).to_have_count(count + 1, timeout=ACT_MS)

    def fetch_feedback(self, assignment: str) -> None:
        """Press Fetch Feedback, and wait until a submission has a link to it."""
        self.page.bring_to_front()
        submitted = self.assignments("submitted", assignment)
        submitted.get_by_role("button", name="Fetch Feedback").click()
        submitted.get_by_text("view feedback").first.wait_for(timeout=ACT_MS)

    def open_marks(self) -> Locator:
        """View, Marks; the side panel."""
        self.page.bring_to_front()
        self.page.get_by_role("menuitem", name="View", exact=True).click()
        self.page.get_by_role("menuitem", name="Marks", exact=True).click()
        panel = self.page.locator(".nbassay-marks")
        expect(panel).to_be_visible()
        return panel

    def notice(self, text: str) -> Locator:
        """A notice that holds this text."""
        return self.page.locator(".jp-toast-message").filter(has_text=text)

    @property
    def status(self) -> Locator:
        """What the status line says of attempts that are under way."""
        return self.page.locator(".nbassay-marks-status")

    def active_cell(self) -> Locator:
        """The cell of the notebook in front that keys go to."""
        return self.page.locator(".jp-Notebook-cell.jp-mod-active:visible")

    def show_notebook(self, notebook: str) -> None:
        """Go back to the tab of an open notebook."""
        self.page.bring_to_front()
        self.page.locator(".lm-TabBar-tab", has_text=f"{notebook}.ipynb").click()
