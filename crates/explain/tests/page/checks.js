// What a page must hold, asked from inside it. Each check returns a list of what falls short.
"use strict";
const check = (() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const where = (element) => {
    const name = element.getAttribute("class");
    return element.tagName.toLowerCase() + (name ? "." + name.trim().replaceAll(/\s+/g, ".") : "");
  };
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  const unique = (list) => [...new Set(list)];
  // The text nodes that a reader sees.
  const texts = () => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || element.closest("script, style, title, desc")) continue;
      if (shown(element)) found.push(walker.currentNode);
    }
    return found;
  };
  const colour = (text) => {
    const parts = text.match(/^rgba?\(([^)]*)\)$/)[1].split(",").map(Number);
    return parts.length === 3 ? [...parts, 1] : parts;
  };
  const paper = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const background = colour(getComputedStyle(at).backgroundColor);
      if (background[3] === 1) return background;
    }
    return [255, 255, 255, 1];
  };
  // WCAG 2.2, relative luminance and contrast ratio.
  const luminance = (rgb) => {
    const [red, green, blue] = rgb.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ratio = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const named = (element) => {
    const ids = element.getAttribute("aria-labelledby");
    if (ids) return ids.split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ").trim();
    const label = element.getAttribute("aria-label") ?? element.getAttribute("alt");
    if (label) return label.trim();
    if (element.labels?.length) return element.labels[0].textContent.trim();
    return element.matches("svg, img, input, select, textarea, .scroll") ? "" : element.textContent.trim();
  };

  return {
    openAll() { for (const details of all("details")) details.open = true; },
    closeAll() { for (const details of all("details")) details.open = false; },

    overflow() {
      const room = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= room) return [];
      const wide = all("body *").filter((element) => {
        return shown(element) && !element.parentElement.closest(".scroll, svg") && element.getBoundingClientRect().right > room + 1;
      });
      return [`${document.documentElement.scrollWidth} of ${room}`, ...unique(wide.map(where)).slice(0, 10)];
    },

    contrast() {
      const poor = new Map();
      for (const text of texts()) {
        const element = text.parentElement;
        if (element.closest(".unseen")) continue;
        const style = getComputedStyle(element);
        const ink = colour(element.closest("svg") ? style.fill : style.color);
        const reached = ratio(ink, paper(element));
        if (reached < 4.5 || ink[3] < 1) poor.set(where(element), `${where(element)} ${reached.toFixed(2)}: ${text.data.trim().slice(0, 30)}`);
      }
      return [...poor.values()];
    },

    names() {
      const must = "img, svg, [role=img], [role=region], input, select, textarea, button, a, summary, [tabindex]";
      const nameless = all(must).filter((element) => !named(element)).map(where);
      const roleless = all("[tabindex]").filter((element) => !element.hasAttribute("role") && !element.matches("g.s")).map(where);
      return unique([...nameless.map((one) => "no name: " + one), ...roleless.map((one) => "no role: " + one)]);
    },

    headings() {
      let before = 0;
      const wrong = [];
      for (const heading of all("h1, h2, h3, h4, h5, h6").filter(shown)) {
        const level = Number(heading.tagName[1]);
        if (level > before + 1) wrong.push(`h${before} then h${level}: ${heading.innerText.slice(0, 40)}`);
        before = level;
      }
      if (all("h1").length !== 1) wrong.push(`${all("h1").length} h1`);
      if (all("main").length !== 1) wrong.push("no main");
      return wrong;
    },

    // Chinese stands where the language is said to be Chinese, and nothing of another language is shown beside it.
    languages(tag) {
      const wrong = [];
      if (document.documentElement.lang !== tag) wrong.push("lang of the page: " + document.documentElement.lang);
      for (const text of texts()) {
        const element = text.parentElement;
        const lang = element.closest("[lang]").getAttribute("lang");
        if (/[\u4e00-\u9fff]/.test(text.data) && lang !== "zh-CN") wrong.push(`${where(element)} is ${lang}: ${text.data.trim().slice(0, 30)}`);
        if (lang !== tag && !element.closest(".keep")) wrong.push(`${where(element)} is shown in ${lang}: ${text.data.trim().slice(0, 30)}`);
      }
      return unique(wrong).slice(0, 20);
    },

    // Each figure has its table, with columns that have names, and rows.
    tables() {
      return all("figure").flatMap((figure) => {
        const twin = figure.querySelector("details.twin") ?? figure.closest("section").querySelector("details.twin");
        const rows = twin ? all("tbody tr", twin).length : 0;
        const columns = twin ? all("thead th[scope=col]", twin).length : 0;
        return rows > 0 && columns > 0 ? [] : [where(figure)];
      });
    },

    motion() {
      const moving = all("body *").filter((element) => {
        const style = getComputedStyle(element);
        return style.animationName !== "none" || !/^0s(, 0s)*$/.test(style.transitionDuration);
      });
      if (getComputedStyle(document.documentElement).scrollBehavior === "smooth") moving.push(document.documentElement);
      return unique(moving.map(where));
    },

    // The element that has the keyboard: which, and whether one sees it.
    focus() {
      const element = document.activeElement;
      const drawn = element.matches(".lang") ? document.querySelector(`label[for=${element.id}]`) : element;
      const style = getComputedStyle(drawn);
      const box = drawn.getBoundingClientRect();
      return {
        id: element.id, tag: element.tagName.toLowerCase(), class: element.getAttribute("class") ?? "", href: element.getAttribute("href") ?? "",
        outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
      };
    },
  };
})();
