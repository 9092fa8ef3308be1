// The parts of d3 that the report uses; `make assets` bundles them into src/tautnet/views/d3.min.js.
export { axisBottom, axisLeft } from "d3-axis";
export { scaleLinear, scaleLog, scaleSqrt } from "d3-scale";
export { select } from "d3-selection";
export { area, line } from "d3-shape";
