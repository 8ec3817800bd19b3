// A list of lines that stays at its end, unless somebody has scrolled back to read.

export class Log {
  #element;
  #most; // lines that are kept
  #follows = true;

  constructor(element, most) {
    this.#element = element;
    this.#most = most;
    element.addEventListener("scroll", () => {
      this.#follows = element.scrollHeight - element.scrollTop - element.clientHeight < 20;
    });
    new ResizeObserver(() => this.#follow()).observe(element);
  }

  /** Rows are `{ parts, kind }`: texts and elements in order, and a class. */
  append(...rows) {
    this.#element.append(...rows.slice(-this.#most).map(({ parts, kind = "" }) => {
      const row = document.createElement("p");
      row.className = kind;
      row.append(...parts);
      return row;
    }));
    while (this.#element.childElementCount > this.#most) this.#element.firstElementChild.remove();
    this.#follow();
  }

  clear() {
    this.#element.replaceChildren();
    this.#follows = true;
  }

  #follow() {
    if (this.#follows) this.#element.scrollTop = this.#element.scrollHeight;
  }
}
