// The editors' workers, from beside this script: their names, which have hashes, are put in by the build.

/* global WORKERS */

globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const file = WORKERS[label] ?? WORKERS.editor;
    return new Worker(new URL(file, import.meta.url), { type: "module" });
  },
};
