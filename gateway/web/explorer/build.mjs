// Bundles the page from its packages into the folder that the gateway serves it from.
// Files are named after what they hold, so that browsers may keep them for good, and are compressed once, here.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = join(HERE, "built");

const COMMON = {
  absWorkingDir: HERE,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  outdir: "out",
  write: false,
  metafile: true,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
};

const WORKERS = {
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
};

/** The editor's own styles are in GraphiQL's stylesheet already. */
const withoutEditorStyles = {
  name: "editor-styles",
  setup({ onLoad }) {
    onLoad({ filter: /monaco-editor[\\/]esm[\\/].*\.css$/ }, () => ({ contents: "", loader: "empty" }));
  },
};

/** Packages without a text of their licence, by the package of the same authors that has it. */
const SAME_AUTHORS = {
  "@graphiql/plugin-doc-explorer": "graphiql",
  "@graphiql/plugin-explorer": "graphiql",
  "@graphiql/plugin-history": "graphiql",
  "react-compiler-runtime": "react",
  "react-remove-scroll-bar": "react-remove-scroll",
};

/** The texts that a package has of its licence, and of the licences of what it contains itself. */
async function licenseTexts(folder) {
  const names = (await readdir(folder)).filter((name) => /^(licen[cs]e|copying|notice|third-?party-?notices)/i.test(name));
  return Promise.all(names.sort().map((name) => readFile(join(folder, name), "utf8")));
}

/** The licences of all packages that went into the bundles. */
async function licenses(metafiles) {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const packages = new Set(inputs.flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
  const texts = [...packages].sort().map(async (path) => {
    const folder = join(HERE, path);
    const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const own = await licenseTexts(folder);
    const found = own.length > 0 || !(name in SAME_AUTHORS) ? own : await licenseTexts(join(HERE, "node_modules", SAME_AUTHORS[name]));
    if (found.length === 0) throw new Error(`${name} has no text of its licence`);
    return `${name} ${version} (${license})\n\n${found.map((text) => text.trim()).join("\n\n")}\n`;
  });
  return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`);
}

const workers = await build({ ...COMMON, entryPoints: WORKERS });
const workerFile = (name) => basename(workers.outputFiles.find(({ path }) => basename(path).startsWith(`${name}-`)).path);
const names = Object.fromEntries(Object.keys(WORKERS).map((name) => [name, workerFile(name)]));
const page = await build({
  ...COMMON,
  entryPoints: { page: "src/page.jsx" },
  splitting: true,
  jsx: "automatic",
  loader: { ".graphql": "text" },
  define: { ...COMMON.define, WORKERS: JSON.stringify(names) },
  plugins: [withoutEditorStyles],
});

const files = new Map([...workers.outputFiles, ...page.outputFiles].map(({ path, contents }) => [basename(path), contents]));
files.set("licenses.txt", await licenses([workers.metafile, page.metafile]));
const named = (start, end) => [...files.keys()].find((name) => name.startsWith(start) && name.endsWith(end));
const html = (await readFile(join(HERE, "src/index.html"), "utf8"))
  .replace("page.css", named("page-", ".css"))
  .replace("page.js", named("page-", ".js"));

await rm(TARGET, { recursive: true, force: true });
await mkdir(TARGET, { recursive: true });
let bytes = 0;
for (const [name, contents] of files) {
  const packed = gzipSync(contents, { level: 9 });
  bytes += packed.length;
  await writeFile(join(TARGET, `${name}.gz`), packed);
}
await writeFile(join(TARGET, "index.html"), html); // last: where it is, all of it is
console.log(`GraphiQL: ${files.size} files, ${Math.round(bytes / 1000)} kB compressed`);
