// Keeps of Tabler's stylesheets what the app's own files name: a tenth of their weight, which is
// what a browser's time to the first page hangs on. Arguments: the app's folder, the target's.
const { PurgeCSS } = require("purgecss");
const fs = require("fs");
const path = require("path");

const [web, target] = process.argv.slice(2);
const core = path.join(path.dirname(require.resolve("@tabler/core/package.json")), "dist", "css");
const content = ["templates/**/*.html", "**/*.py", "static/everytouch/*.js", "static/htmx/*.js"].map((p) => path.join(web, p));
// Set by scripts and by Django's own templates, which are not among the files read.
const dynamicAttributes = ["type", "dir", "open", "disabled", "readonly", "multiple", "data-bs-theme", "aria-current", "aria-selected", "aria-expanded", "aria-disabled"];

async function cut(name) {
  const made = await new PurgeCSS().purge({ content, css: [path.join(core, name)], dynamicAttributes, keyframes: true, fontFace: true });
  fs.writeFileSync(path.join(target, name), made[0].css.replace(/\/\*# sourceMappingURL.*?\*\//, ""));
}

Promise.all(["tabler.min.css", "tabler.rtl.min.css"].map(cut));
