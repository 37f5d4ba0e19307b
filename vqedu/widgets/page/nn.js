// The forward pass of the course's networks in plain JavaScript. Weights arrive as float16; sums are in double
// precision.

function halfToFloat(halves) {
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    let value = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
    if (exponent === 31) value = fraction ? NaN : Infinity;
    table[bits] = bits & 32768 ? -value : value;
  }
  return Float32Array.from(halves, (bits) => table[bits]);
}

// data: the DataView of all arrays; table: name -> { dtype, shape, offset }, as base.pack wrote them.
export function unpack(data, table) {
  const arrays = {};
  const kinds = { float32: Float32Array, uint8: Uint8Array, uint16: Uint16Array, int32: Int32Array };
  for (const [name, { dtype, shape, offset }] of Object.entries(table)) {
    const length = shape.reduce((a, b) => a * b, 1);
    const Kind = kinds[dtype === "float16" ? "uint16" : dtype];
    // Copying makes the start a multiple of the element size, whatever the view's own offset is.
    const from = data.byteOffset + offset;
    const bytes = data.buffer.slice(from, from + length * Kind.BYTES_PER_ELEMENT);
    arrays[name] = dtype === "float16" ? halfToFloat(new Uint16Array(bytes)) : new Kind(bytes);
  }
  return arrays;
}

export const sigmoid = (v) => 1 / (1 + Math.exp(-v));

const LAYERS = {
  linear({ weight, bias }) {
    const n = bias.length;
    const m = weight.length / n;
    return (x) => {
      const y = new Float32Array(n);
      for (let i = 0, w = 0; i < n; i++, w += m) {
        let a = bias[i], b = 0, c = 0, d = 0, j = 0;
        for (; j + 3 < m; j += 4) {
          a += weight[w + j] * x[j];
          b += weight[w + j + 1] * x[j + 1];
          c += weight[w + j + 2] * x[j + 2];
          d += weight[w + j + 3] * x[j + 3];
        }
        for (; j < m; j++) a += weight[w + j] * x[j];
        y[i] = a + b + c + d;
      }
      return y;
    };
  },
  layernorm({ weight, bias, eps }) {
    return (x) => {
      const n = x.length;
      let mean = 0, square = 0;
      for (let i = 0; i < n; i++) mean += x[i];
      mean /= n;
      for (let i = 0; i < n; i++) square += (x[i] - mean) ** 2;
      const scale = 1 / Math.sqrt(square / n + eps);
      return x.map((v, i) => (v - mean) * scale * weight[i] + bias[i]);
    };
  },
  silu: () => (x) => x.map((v) => v * sigmoid(v)),
  relu: () => (x) => x.map((v) => Math.max(v, 0)),
  sigmoid: () => (x) => x.map(sigmoid),
};

// spec: a list of { kind, ...names of arrays and numbers }, as nets.describe wrote it. Returns x -> y on Float32Arrays.
export function network(spec, arrays) {
  const steps = spec.map(({ kind, ...fields }) => {
    for (const [key, value] of Object.entries(fields)) if (typeof value === "string") fields[key] = arrays[value];
    return LAYERS[kind](fields);
  });
  return (x) => steps.reduce((value, step) => step(value), x);
}
