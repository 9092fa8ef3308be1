// Bundles d3.js into the package, and the licences of all that is in the bundle beside it: the same bytes each time.

import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const place = "../src/tautnet/views/";
const { metafile } = await build({
  entryPoints: ["d3.js"], bundle: true, minify: true, format: "iife", globalName: "d3", target: "es2020",
  charset: "ascii", legalComments: "none", metafile: true, outfile: `${place}d3.min.js`,
});
const used = Object.keys(metafile.inputs).map((path) => path.match(/^node_modules\/([^/]+)\//)?.[1]);
const packages = [...new Set(used.filter(Boolean))].sort();
const licences = packages.map((name) => {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf-8"));
  return `${name} ${version}\n\n${readFileSync(`node_modules/${name}/LICENSE`, "utf-8").trim()}\n`;
});
writeFileSync(`${place}d3.LICENSE`, licences.join("\n----\n\n"));
