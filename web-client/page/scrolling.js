/** How near to its end a log counts as at its end, in pixels. */
const NEAR = 80;
/** What is left below where a browser scrolled as far as it can. */
const AT_END = 2;

/** Keeps the end of a growing log in sight, until a person wants to look at something else. */
export class Scrolling {
  #log;
  #toLatest;
  #followed = true;
  #top = 0;

  /** @param {{scrolled: () => void}} options elements, and who is told that something else shows */
  constructor({ log, toLatest, scrolled }) {
    this.#log = log;
    this.#toLatest = toLatest;
    log.addEventListener('scroll', () => {
      this.#scrolled();
      scrolled();
    }, { passive: true });
    toLatest.addEventListener('click', () => {
      this.follow();
      log.focus({ preventScroll: true });
    });
    // The keyboard of a phone, a turned screen, a growing composer: the end stays in sight.
    new ResizeObserver(() => this.#followed && this.follow()).observe(log);
  }

  get isNearEnd() {
    return this.#below < NEAR;
  }

  get isNearStart() {
    return this.#log.scrollTop < this.#log.clientHeight / 2;
  }

  /** Whether the end is kept in sight. */
  get isFollowing() {
    return this.#followed;
  }

  /** Go to the end and stay there. */
  follow() {
    this.begin();
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  /** Another log begins. */
  begin() {
    this.#followed = true;
    this.#toLatest.hidden = true;
  }

  /** There is something new at the end: offer it to who does not see it. */
  offer() {
    if (!this.#followed) this.#toLatest.hidden = false;
  }

  /** Change the log so that what a person looks at, one of `items`, stays where it is. */
  keepingPlace(items, change) {
    const anchor = this.#followed ? null : this.#topmost(items());
    const before = anchor?.getBoundingClientRect().top;
    change();
    if (this.#followed) this.#log.scrollTop = this.#log.scrollHeight;
    else if (anchor?.isConnected) {
      this.#log.scrollTop += anchor.getBoundingClientRect().top - before;
    }
  }

  get #below() {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight;
  }

  #scrolled() {
    const { scrollTop } = this.#log;
    // Who scrolls up, be it a little, wants to read: a reply that grows must not pull them back.
    const isGoingUp = scrollTop < this.#top;
    this.#top = scrollTop;
    this.#followed = this.#below < (isGoingUp ? AT_END : NEAR);
    if (this.#followed) this.#toLatest.hidden = true;
  }

  #topmost(items) {
    const { top } = this.#log.getBoundingClientRect();
    return items.find((item) => item.getBoundingClientRect().bottom > top);
  }
}
