// The prior, the true posterior and q over z; below them, on the same z, what the decoder computes from it.

import { COLORS } from "../page/colors.js";
import { drawHandles } from "../page/hand.js";
import { number } from "../page/numbers.js";
import { axisX, axisY, curve, frame, legend, roundUp, stroke, write } from "../page/plot.js";
import { DECODERS, logJoint, logNormal, logPrior } from "./math.js";

const Z = [-5, 5];
const HEIGHTS = [1, 2, 4, 9]; // of the axis: a scale that jumps seldom, and says so at its ticks
const BETWEEN = 46, BELOW = 8; // CSS pixels: between the densities and the decoder, and below that
const DECODER = 0.31; // of the rest
const GRAY = "rgba(0, 0, 0, 0.16)";
const Q_FILL = "rgba(0, 158, 115, 0.16)";

const CURVES = [
  { name: "prior p(z)", color: COLORS.prior, dash: [7, 5] },
  { name: "true posterior p(z|x)", color: "#1a1a1a", fill: GRAY },
  { name: "your q(z|x): drag it", color: COLORS.encoder, fill: Q_FILL },
];

// Returns the frame of the densities, through which a hand reads what it points at.
export function drawDensities({ pen, width, height }, view) {
  const { state, model, evidence } = view;
  pen.clearRect(0, 0, width, height);
  const posterior = (z) => Math.exp(logJoint(model, state.x, z) - evidence);
  const lower = Math.round(DECODER * (height - BETWEEN - BELOW)), bottom = height - BETWEEN - BELOW - lower;
  const top = 12 + legend(pen, CURVES, 56, 22, { right: width }), y = [0, peak(state, posterior)];
  const f = frame(pen, { left: 52, top, width: width - 64, height: bottom - top, x: Z, y });
  axisY(f, { label: "density" });
  curve(f, posterior, { color: "#1a1a1a", fill: GRAY });
  curve(f, (z) => Math.exp(logPrior(z)), { color: COLORS.prior, dash: [7, 5] });
  curve(f, (z) => Math.exp(logNormal(z, state.mu, state.sigma)), { color: COLORS.encoder, width: 3, fill: Q_FILL });
  axisX(f, { label: "latent z" });
  drawHandles(f, state);
  drawDecoder(frame(pen, { ...f, top: bottom + BETWEEN, height: lower, y: [-3, 5] }), view);
  return f;
}

function peak({ mu, sigma }, posterior) {
  let highest = Math.exp(logNormal(mu, mu, sigma));
  for (let z = Z[0]; z <= Z[1]; z += 0.02) highest = Math.max(highest, posterior(z));
  return roundUp(1.08 * highest, HEIGHTS);
}

// What the decoder computes from z, and which z explain the observed x.
function drawDecoder(f, { state: { decoder, x }, model: { noise } }) {
  const { pen } = f;
  axisY(f, { label: "x", values: [-2, 0, 2, 4] });
  pen.fillStyle = "rgba(0, 0, 0, 0.10)";
  pen.fillRect(f.left, f.Y(x + noise), f.width, f.Y(x - noise) - f.Y(x + noise));
  stroke(pen, [[f.left, f.Y(x)], [f.right, f.Y(x)]], { color: COLORS.data, width: 2 });
  curve(f, DECODERS[decoder], { color: COLORS.decoder, width: 3 });
  axisX(f, { format: () => "" });
  const beside = x > 3 ? f.Y(x - noise) + 16 : f.Y(x + noise) - 5; // above the band, or below where it is high
  const free = f.Y(x < 0 ? 1 : -2.5);
  const look = { size: 14, bold: true, halo: 4 };
  write(pen, `x = ${number(x, 2)} \u00B1 ${noise} (noise)`, f.left + 6, beside, look);
  write(pen, "decoder f(z)", f.right - 6, free, { ...look, color: COLORS.decoder, align: "right" });
}
