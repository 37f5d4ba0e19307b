// The part of a picture that stays while a hand drags: painted once, then only copied.

// Returns lay(surface, key, paint): clears the canvas and shows on it what paint(pen) painted for that key and size.
export function layer() {
  let sheet, known;
  return ({ node, pen, width, height }, key, paint) => {
    const now = `${node.width} ${node.height} ${key}`;
    if (now !== known) {
      sheet = new OffscreenCanvas(node.width, node.height);
      const brush = sheet.getContext("2d");
      brush.scale(node.width / width, node.height / height);
      paint(brush);
      known = now;
    }
    pen.clearRect(0, 0, width, height);
    pen.drawImage(sheet, 0, 0, width, height);
  };
}
