// Brings the explorers of a page without a kernel to life. The files that they need, by name and in base64, are in the
// page itself, or beside it in classic scripts that call vqedu.keep: the only kind that loads from file:// as well.
(() => {
  const kept = new Map();
  const loading = new Map();
  window.vqedu = { keep: (name, content) => kept.set(name, content) };
  for (const node of document.querySelectorAll("script.vqedu-files")) {
    for (const [name, content] of Object.entries(JSON.parse(node.textContent))) kept.set(name, content);
  }

  function load(source) {
    if (!loading.has(source)) {
      loading.set(source, new Promise((done, fail) => {
        const script = Object.assign(document.createElement("script"), { src: source, onload: done });
        script.onerror = () => fail(new Error(`The file ${source} is missing.`));
        document.head.append(script);
      }));
    }
    return loading.get(source);
  }

  function decode(base64) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
    const text = atob(base64), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  // The blocks one after the other, as the kernel sends them.
  function joined(names) {
    const blocks = names.map((name) => decode(kept.get(name)));
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
    style.textContent = new TextDecoder().decode(decode(kept.get(name)));
    document.head.append(style);
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
    dress(form.style);
    const { default: widget } = await import(`data:text/javascript;base64,${kept.get(form.module)}`);
    const el = Object.assign(document.createElement("div"), { className: form.home });
    home.replaceChildren(el);
    await widget.render({ model: standIn({ config: form.config, state: form.state, data: joined(form.data) }), el });
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
