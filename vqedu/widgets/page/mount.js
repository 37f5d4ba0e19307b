// Brings the explorers of a page without a kernel to life. The files that they need are in the page itself, in base64,
// or packed and beside it in classic scripts that call vqedu.keep: the only kind that loads from file:// as well.
(() => {
  const kept = new Map();
  const loading = new Map();
  window.vqedu = { keep: (name, content) => kept.set(name, content) };
  for (const node of document.querySelectorAll("script.vqedu-files")) {
    for (const [name, content] of Object.entries(JSON.parse(node.textContent))) kept.set(name, content);
  }

  const element = (tag, properties) => Object.assign(document.createElement(tag), properties);

  function load(source) {
    if (!loading.has(source)) {
      loading.set(source, new Promise((done, fail) => {
        const script = element("script", { src: source, onload: done });
        script.onerror = () => fail(new Error(`The file ${source} is missing.`));
        document.head.append(script);
      }));
    }
    return loading.get(source);
  }

  function fromBase64(base64) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
    const text = atob(base64), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  // 15 bits to a character, as standalone.characters wrote them.
  function fromCharacters(text, size) {
    const bytes = new Uint8Array(size);
    for (let i = 0, j = 0, held = 0, bits = 0; j < size; i++) {
      held = (held << 15) | (text.charCodeAt(i) - 0x4000);
      for (bits += 15; bits >= 8 && j < size; bits -= 8) bytes[j++] = held >> (bits - 8);
    }
    return bytes;
  }

  // Undoes standalone.script.
  async function unpacked({ text, size, width }) {
    const deflated = new Blob([fromCharacters(text, size)]).stream();
    const inflated = new Response(deflated.pipeThrough(new DecompressionStream("deflate")));
    const planes = new Uint8Array(await inflated.arrayBuffer()), bytes = new Uint8Array(planes.length);
    for (let plane = 0, from = 0; plane < width; plane++) {
      for (let to = plane; to < bytes.length; to += width) bytes[to] = planes[from++];
    }
    return bytes;
  }

  async function bytesOf(name) {
    const content = kept.get(name);
    return typeof content === "string" ? fromBase64(content) : unpacked(content);
  }

  const textOf = async (name) => new TextDecoder().decode(await bytesOf(name));

  // The blocks one after the other, as the kernel sends them.
  async function joined(names) {
    const blocks = await Promise.all(names.map(bytesOf));
    const all = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
    let offset = 0;
    for (const block of blocks) {
      all.set(block, offset);
      offset += block.length;
    }
    return new DataView(all.buffer);
  }

  // A policy can allow blobs and still refuse what a page's HTML says, which a data: address would be.
  async function imported(code) {
    const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    const module = await import(address);
    URL.revokeObjectURL(address);
    return module;
  }

  async function dress(name) {
    const textContent = await textOf(name);
    if (!document.getElementById(name)) document.head.append(element("style", { id: name, textContent }));
  }

  // Answers what anywidget's model answers; no kernel listens at the other end.
  function standIn(traits) {
    return {
      get: (name) => traits[name],
      set: (name, value) => { traits[name] = value; },
      on() {}, off() {}, save_changes() {}, send() {},
    };
  }

  async function fill(home) {
    const form = JSON.parse(home.querySelector("script").textContent);
    const { files } = home.dataset, needed = [form.module, form.style, ...form.data];
    if (files) await Promise.all(needed.filter((name) => !kept.has(name)).map((name) => load(`${files}/${name}.js`)));
    const [code, data] = await Promise.all([textOf(form.module), joined(form.data), dress(form.style)]);
    const { default: widget } = await imported(code);
    const el = element("div", { className: form.home });
    home.replaceChildren(el);
    await widget.render({ model: standIn({ config: form.config, state: form.state, data }), el });
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

  // What is beside the page is loaded when the explorer is less than a screen away.
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      mount(target);
    }
  }, { rootMargin: "100% 0px" });
  for (const home of document.querySelectorAll(".vqedu-export:not([data-alive])")) {
    if (home.dataset.files) near.observe(home);
    else mount(home);
  }
})();
