// Numbers as every explorer writes them.

// JavaScript's hyphen before a negative number, or exponent, as the minus sign that it means.
export const withMinus = (text) => text.replace("-", "\u2212");

// A number with so many decimals, and no minus before a zero.
export const number = (value, decimals = 3) => withMinus(value.toFixed(decimals).replace(/^-(?=[0.]*$)/, ""));

export const plain = (value) => withMinus(String(value));

export const clamp = (value, [low, high]) => Math.min(Math.max(value, low), high);
