// Turns the pages, and keeps each explorer as large as its slide allows.
Reveal.initialize({
  width: 1280, height: 720, margin: 0, center: false, hash: true, display: "flex", controls: false, transition: "none",
  plugins: [RevealNotes],
});

// A clicker's keys turn the page wherever the focus is; Escape gives the arrow keys back to the slides.
document.addEventListener("keydown", (event) => {
  const home = event.target.closest(".vqedu-export");
  const act = { PageDown: () => Reveal.next(), PageUp: () => Reveal.prev(), Escape: () => event.target.blur() }[event.key];
  if (!home || !act) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}, { capture: true });

// The explorer is drawn at the width that its slide's style asks for, then scaled to the room.
function fit(room) {
  const home = room.firstElementChild;
  if (!home.offsetHeight) return;
  const scale = Math.min(room.clientWidth / home.offsetWidth, room.clientHeight / home.offsetHeight);
  home.style.transform = `translateX(-50%) scale(${scale})`;
  window.dispatchEvent(new Event("scaled"));
}

const rooms = new ResizeObserver((entries) => {
  for (const { target } of entries) fit(target.closest(".alive"));
});
for (const room of document.querySelectorAll(".alive")) {
  rooms.observe(room);
  rooms.observe(room.firstElementChild);
}
