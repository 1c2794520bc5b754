/** A row that can be found by its label. */
export interface FindableRow {
  readonly label: string;
}

export interface TickListOptions<T extends FindableRow> {
  readonly keyOf: (row: T) => string;
  /** Finds a row by a typed string that is not part of its label. */
  readonly rowOf?: (typed: string, rows: readonly T[]) => T | undefined;
  /** True if choosing no row is a valid answer. */
  readonly mayBeEmpty?: boolean;
}

/**
 * Decides what Enter means in a list with checkboxes. VS Code hides the rows that do not match the filter, even checked
 * ones, and leaves none active. Here the best match is active, and Enter means it until the user clicks a checkbox.
 */
export class TickList<T extends FindableRow> {
  readonly #options: TickListOptions<T>;
  #rows: readonly T[];
  #ticked: ReadonlySet<string>;
  #typed = "";
  #active: string | undefined;
  /** The rows that were made active here. VS Code reports them as if the user had moved to them. */
  readonly #proposed = new Set<string>();
  /** True if the user moved to the active row. */
  #isChosen = false;
  #isToggled = false;
  /** True until VS Code has reported the checked rows after a `replace`. */
  #isRefilled = false;

  constructor(rows: readonly T[], ticked: readonly T[], options: TickListOptions<T>) {
    this.#options = options;
    this.#rows = rows;
    this.#ticked = new Set(ticked.map(options.keyOf));
    this.#activate();
  }

  get rows(): readonly T[] {
    return this.#rows;
  }

  get ticked(): readonly T[] {
    return this.#rows.filter((row) => this.#ticked.has(this.#options.keyOf(row)));
  }

  get active(): T | undefined {
    return this.#find(this.#active);
  }

  /** The rows that Enter means. */
  get accepted(): readonly T[] {
    const active = this.active ? [this.active] : [];
    const isFound = this.#typed !== "" && !this.#isToggled;
    if (this.#options.mayBeEmpty)
      return isFound ? [...this.ticked.filter((row) => row !== this.active), ...active] : this.ticked;
    return isFound || this.ticked.length === 0 ? active : this.ticked;
  }

  /** Replaces rows by others with the same keys. */
  replace(rows: readonly T[]): void {
    this.#rows = rows;
    this.#isRefilled = true;
  }

  /** Reports what is typed into the filter. */
  type(typed: string): void {
    this.#typed = typed.trim();
    const { active } = this;
    if (active && this.#isShown(active) && (this.#isChosen || this.#typed === "")) return;
    this.#activate();
  }

  /** Reports the row that VS Code says is active: none whenever a list is filtered or filled. */
  activate(row: T | undefined): void {
    if (!row || this.#options.keyOf(row) === this.#active) return;
    this.#active = this.#options.keyOf(row);
    this.#isChosen = !this.#proposed.has(this.#active);
  }

  /** Reports that a row is active that is not in this list. */
  activateOther(): void {
    this.#active = undefined;
    this.#isChosen = true;
  }

  /**
   * Reports the checked rows, including those that the filter hides. VS Code reports a change of ours too, and for
   * replaced rows first reports that none is checked.
   *
   * @returns true if the user changed something
   */
  tick(rows: readonly T[]): boolean {
    const ticked = new Set(rows.map(this.#options.keyOf));
    const isSame = ticked.size === this.#ticked.size && [...ticked].every((key) => this.#ticked.has(key));
    if (isSame) this.#isRefilled = false;
    if (isSame || (this.#isRefilled && ticked.size === 0)) return false;
    this.#ticked = ticked;
    this.#isToggled = true;
    return true;
  }

  /** Checks one more row, like a click on its checkbox. */
  add(row: T): void {
    this.#ticked = new Set([...this.#ticked, this.#options.keyOf(row)]);
    this.#isToggled = true;
  }

  #activate(): void {
    const best = this.#typed === "" ? (this.ticked[0] ?? this.#rows[0]) : this.#best();
    this.#active = best && this.#options.keyOf(best);
    if (this.#active !== undefined) this.#proposed.add(this.#active);
    this.#isChosen = false;
  }

  #best(): T | undefined {
    const typed = this.#typed.toLowerCase();
    const found = this.#rows.filter((row) => this.#isShown(row));
    return (
      this.#options.rowOf?.(this.#typed, this.#rows) ??
      found.find((row) => textOf(row) === typed) ??
      found.find((row) => textOf(row).startsWith(typed)) ??
      found[0]
    );
  }

  /** VS Code also matches the initials of words. Such rows become active only if the user moves to them. */
  #isShown(row: T): boolean {
    return textOf(row).includes(this.#typed.toLowerCase());
  }

  #find(key: string | undefined): T | undefined {
    return this.#rows.find((row) => this.#options.keyOf(row) === key);
  }
}

const textOf = ({ label }: FindableRow): string => label.toLowerCase();
