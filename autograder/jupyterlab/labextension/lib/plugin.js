// Marks in JupyterLab: an entry in the launcher, the View menu and the palette, a side panel, a status
// item, a notice when something is new; and a notebook that opens at the exercise of a feedback page.

import { newsOf } from "./news.js";
import { addressOf, empty, show } from "./panel.js";
import { Watch, isUnderWay } from "./watch.js";

const OPEN = "nbassay-marks:open", SUBMITTED = "/assignments/submit", NOTICE_MS = 20_000;
const LOOK_MS = 250, CALM_LOOKS = 4, MOST_LOOKS = 80;
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path
class="jp-icon3 jp-icon-selectable" fill="#616161" d="M5 2h10l4 4v7h-2V7h-3V4H7v16h5v2H5zm11.3 18.2 5.3-5.3
1.4 1.4-6.7 6.7-3.8-3.8 1.4-1.4z"/></svg>`;

// The plugin, of the modules that JupyterLab shares. take: gives such a module by its name, or null.
// path: where on this server the marks are.
export async function makePlugin(take, path) {
  const [{ Widget }, { URLExt }, { ServerConnection }, { LabIcon }, apputils] = await Promise.all(
    ["@lumino/widgets", "@jupyterlab/coreutils", "@jupyterlab/services", "@jupyterlab/ui-components",
      "@jupyterlab/apputils"].map(take));
  const [launcher, mainmenu, notebook, statusbar] = await Promise.all(
    ["launcher", "mainmenu", "notebook", "statusbar"].map((name) => take(`@jupyterlab/${name}`)));
  const { ICommandPalette, Notification } = apputils;
  const tokens = [ICommandPalette, launcher?.ILauncher, mainmenu?.IMainMenu,
    notebook?.INotebookTracker, statusbar?.IStatusBar].filter(Boolean);

  function activate(app, ...services) {
    const service = (token) => services[tokens.indexOf(token)] ?? null;
    const { serverSettings } = app.serviceManager;
    const watch = new Watch(ask, tell);
    const icon = new LabIcon({ name: "nbassay-marks:icon", svgstr: ICON });
    const panel = new Widget({ node: empty(() => watch.look()) }), status = new Widget();

    async function ask() {
      const url = URLExt.join(serverSettings.baseUrl, path);
      const answer = await ServerConnection.makeRequest(url, {}, serverSettings);
      if (!answer.ok) throw new Error(`marks: ${answer.status}`);
      return answer.json();
    }

    function tell(told) {
      show(panel.node, told);
      if (!told) return;
      const attempts = told.courses.flatMap((course) => course.assignments.flatMap((one) => one.attempts));
      const running = attempts.find(isUnderWay);
      const words = running ? `${running.assignment}: ${running.words}` : "Marks";
      status.node.firstChild.textContent = words;
      for (const course of told.courses) newsOf(course).forEach((news) => notify(course, news));
    }

    function notify(course, { kind, text, feedback }) {
      const actions = [{ label: "Show", callback: () => app.commands.execute(OPEN) }];
      if (feedback) {
        const callback = () => window.open(addressOf(course, feedback), "_blank", "noopener");
        actions.unshift({ label: "Feedback", callback });
      }
      Notification.emit(text, kind, { autoClose: kind === "info" ? NOTICE_MS : false, actions });
    }

    Object.assign(panel, { id: "nbassay-marks" });
    Object.assign(panel.title, { icon, caption: "Marks" });
    app.shell.add(panel, "right", { rank: 900, type: "Marks" });
    const open = () => { app.shell.activateById(panel.id); watch.look(); };
    const caption = "Assignments, due dates, attempts and marks";
    app.commands.addCommand(OPEN, { label: "Marks", caption, icon, execute: open });
    service(ICommandPalette)?.addItem({ command: OPEN, category: "Marks" });
    service(launcher?.ILauncher)?.add({ command: OPEN, category: "Other", rank: 1 });
    service(mainmenu?.IMainMenu)?.viewMenu.addGroup([{ command: OPEN }], 50);
    addStatusItem(status, open);
    service(statusbar?.IStatusBar)?.registerStatusItem(OPEN, { item: status, align: "right", rank: 900 });
    const tracker = service(notebook?.INotebookTracker);
    if (tracker) openAtExercise(tracker);
    noticeSubmitting(() => watch.expectNews());
    app.restored.then(() => watch.look());
  }

  const description = "Marks of a course's grading service";
  return { id: "nbassay-marks:plugin", description, autoStart: true, optional: tokens, activate };
}

function addStatusItem(status, open) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", textContent: "Marks", title: "Show assignments and marks" });
  button.addEventListener("click", open);
  status.addClass("nbassay-marks-status");
  status.node.append(button);
}

// nbgrader tells nobody that somebody submitted; the browser does.
function noticeSubmitting(then) {
  const isSubmission = (entry) => new URL(entry.name).pathname.endsWith(SUBMITTED);
  const observer = new PerformanceObserver((list) => {
    if (list.getEntries().some(isSubmission)) then();
  });
  observer.observe({ type: "resource" });
}

// A link of a feedback page opens a notebook with `?exercise=` and the name of a cell: go there, once.
function openAtExercise(tracker) {
  const wanted = new URLSearchParams(location.search).get("exercise");
  const path = decodeURIComponent(location.pathname);
  if (!wanted) return;
  const onAdded = async (_, panel) => {
    if (!path.endsWith(`/tree/${panel.context.path}`)) return;
    tracker.widgetAdded.disconnect(onAdded);
    await Promise.all([panel.context.ready, panel.revealed]);
    const { content } = panel;
    const isWanted = (cell) => cell.model.getMetadata("nbgrader")?.grade_id === wanted;
    const index = content.widgets.findIndex(isWanted);
    if (index >= 0) await goTo(content, index);
  };
  tracker.widgetAdded.connect(onAdded);
}

// Make a cell the active one and scroll to it; again, while cells above it still grow as they are drawn.
async function goTo(content, index) {
  content.activeCellIndex = index;
  const cell = content.widgets[index].node;
  const isInSight = () => {
    const [one, all] = [cell.getBoundingClientRect(), content.node.getBoundingClientRect()];
    return cell.isConnected && one.height > 0 && one.top < all.bottom && one.bottom > all.top;
  };
  for (let calm = 0, tries = 0; calm < CALM_LOOKS && tries < MOST_LOOKS; tries += 1) {
    calm = isInSight() ? calm + 1 : 0;
    // Not awaited: asked too early, JupyterLab waits for ten seconds. Asked again, it gives up the first.
    if (!calm) content.scrollToItem(index, "center").catch(() => {});
    await new Promise((then) => setTimeout(then, LOOK_MS));
  }
}
