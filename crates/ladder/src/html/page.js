(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  for (const choice of document.querySelectorAll(".lang")) {
    choice.addEventListener("change", () => { root.lang = choice.value; });
  }
  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.matches("details.connection")) { target.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();
  for (const section of document.querySelectorAll("section.ladder")) {
    const rungs = [...section.querySelectorAll("g.s")];
    const panel = section.querySelector("aside.header");
    const names = [...section.querySelectorAll(".twin thead th")];
    const show = (rung) => {
      const row = document.getElementById("t" + rung.id.slice(1));
      if (!row) return;
      for (const other of rungs) other.classList.toggle("on", other === rung);
      const said = document.createElement("p");
      const list = document.createElement("dl");
      [...row.cells].forEach((cell, index) => {
        const text = [...cell.childNodes].map((node) => node.cloneNode(true));
        if (rung.classList.contains("q") && index > 2) return;
        if (index === 8) { said.append(...text); return; }
        if (!cell.textContent) return;
        const name = document.createElement("dt"), value = document.createElement("dd");
        name.append(...[...names[index].childNodes].map((node) => node.cloneNode(true)));
        value.append(...text);
        list.append(name, value);
      });
      if (rung.classList.contains("q")) {
        for (const line of rung.querySelectorAll(".m, .w")) {
          const part = document.createElement("span");
          part.lang = line.getAttribute("lang") || "";
          part.textContent = line.textContent + " ";
          said.append(part);
        }
      }
      panel.replaceChildren(said, list);
      panel.classList.add("full");
      rung.setAttribute("role", "img");
      rung.setAttribute("aria-label", [row.cells[3], said].map((part) => part.innerText || part.textContent).join(", "));
    };
    rungs.forEach((rung, index) => {
      rung.setAttribute("tabindex", index === 0 ? "0" : "-1");
      rung.addEventListener("mouseenter", () => show(rung));
      rung.addEventListener("focus", () => show(rung));
      rung.addEventListener("click", () => rung.focus());
      rung.addEventListener("keydown", (event) => {
        const to = {
          ArrowDown: index + 1, ArrowRight: index + 1, ArrowUp: index - 1, ArrowLeft: index - 1,
          Home: 0, End: rungs.length - 1,
        }[event.key];
        if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
        event.preventDefault();
        const next = rungs[Math.max(0, Math.min(rungs.length - 1, to))];
        rung.setAttribute("tabindex", "-1");
        next.setAttribute("tabindex", "0");
        next.focus();
      });
    });
  }
})();
