// The container of JupyterLab's module federation, by hand: JupyterLab loads this script, gives it the
// modules that all extensions share, and asks it for the extension. No bundler is needed for that.
"use strict";

(() => {
  const NAME = "nbassay-marks", here = document.currentScript.src;
  const settings = JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
  let shared = {};

  // A module that JupyterLab shares, in the version that it uses itself; null where it has none.
  async function take(name) {
    const versions = Object.values(shared[name] ?? {});
    const version = versions.find((one) => one.loaded) ?? versions[0];
    return version ? (await version.get())() : null;
  }

  // Without a grading service the server names no address, and there is no plugin at all.
  async function plugins() {
    if (!settings.nbassayMarks) return [];
    const stylesheet = document.createElement("link");
    Object.assign(stylesheet, { rel: "stylesheet", href: new URL("style.css", here) });
    document.head.append(stylesheet);
    const { makePlugin } = await import(new URL("plugin.js", here));
    return [await makePlugin(take, settings.nbassayMarks)];
  }

  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB[NAME] = {
    init: (scope) => { shared = scope; },
    get: async () => {
      const found = await plugins();
      return () => ({ __esModule: true, default: found });
    },
  };
})();
