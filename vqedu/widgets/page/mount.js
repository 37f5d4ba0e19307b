// Brings the explorers of a page without a kernel to life. What several of them share is in the page once.
const parts = [...document.querySelectorAll("script.vqedu-files")].map((node) => JSON.parse(node.textContent));
const contents = Object.assign({}, ...parts); // name -> base64
const decoded = new Map();

function bytes(name) {
  if (!decoded.has(name)) decoded.set(name, Uint8Array.from(atob(contents[name]), (c) => c.charCodeAt(0)));
  return decoded.get(name);
}

// The blocks one after the other, as the kernel sends them.
function joined(names) {
  const blocks = names.map(bytes);
  const all = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let offset = 0;
  for (const block of blocks) {
    all.set(block, offset);
    offset += block.length;
  }
  return new DataView(all.buffer);
}

function dress(name) {
  if (document.getElementById(name)) return;
  const style = Object.assign(document.createElement("style"), { id: name });
  style.textContent = new TextDecoder().decode(bytes(name));
  document.head.append(style);
}

// Answers what anywidget's model answers; nobody listens at the other end.
function standIn(traits) {
  return {
    get: (name) => traits[name],
    set: (name, value) => { traits[name] = value; },
    on() {}, off() {}, save_changes() {}, send() {},
  };
}

async function mount(home) {
  home.dataset.alive = "not yet";
  try {
    await fill(home);
    home.dataset.alive = "yes";
  } catch (error) {
    home.dataset.alive = "no";
    throw error;
  }
}

async function fill(home) {
  const form = JSON.parse(home.querySelector("script").textContent);
  dress(form.style);
  const { default: widget } = await import(`data:text/javascript;base64,${contents[form.module]}`);
  const el = Object.assign(document.createElement("div"), { className: form.home });
  home.replaceChildren(el);
  await widget.render({ model: standIn({ config: form.config, state: form.state, data: joined(form.data) }), el });
}

for (const home of document.querySelectorAll(".vqedu-export:not([data-alive])")) mount(home);
