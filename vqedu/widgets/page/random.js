// Random numbers that repeat: the same seed gives the same numbers on every machine.

// Returns next(), a stream of numbers in (0, 1): mulberry32, by Tommy Ettinger.
export function uniform(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
}

// `count` draws from N(0, 1) (Box and Muller 1958).
export function normals(seed, count) {
  const next = uniform(seed);
  const draw = () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
  return Float64Array.from({ length: count }, draw);
}
