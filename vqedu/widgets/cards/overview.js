// Fills the overview of a page from the answers that the browser keeps. Where it refuses, as it may in a page from a
// file, the table stays as it is.
const kept = (key) => { try { return JSON.parse(localStorage.getItem(`vqedu:${key}`)) ?? {}; } catch { return {}; } };
const done = (key) => { const answer = kept(key); return "guess" in answer || Boolean(answer.solved); };
const fill = () => {
  for (const row of document.querySelectorAll(".vq-progress tr[data-links]")) {
    const links = JSON.parse(row.dataset.links);
    const count = links.filter(([key]) => done(key)).length;
    const open = links.find(([key]) => !done(key));
    row.querySelector(".vq-progress-bar span").style.width = `${(100 * count) / links.length}%`;
    row.cells[1].lastChild.textContent = `${count} of ${links.length}`;
    const there = Object.assign(document.createElement(open?.[1] ? "a" : "span"), open?.[1] ? { href: open[1] } : {});
    there.textContent = !open ? "all answered" : count ? "go on" : "start";
    row.cells[2].replaceChildren(there);
  }
};
fill();
addEventListener("pageshow", fill);
addEventListener("storage", fill); // answered in another tab, or a moment ago by a page of another process
