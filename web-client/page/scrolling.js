/** How near to its end a log counts as at its end, in pixels. */
const NEAR = 80;
/** What is left below where a browser scrolled as far as it can. */
const AT_END = 2;

/** Keeps the end of a growing log in sight, until a person wants to look at something else. */
export class Scrolling {
  #log;
  #toLatest;
  #groups;
  #width = 0;
  #followed = true;
  #top = 0;

  /**
   * @param {object} options elements, and
   * @param {() => Element[]} options.groups what the log shows, by groups, oldest first
   * @param {() => void} options.scrolled is told that something else shows
   */
  constructor({ log, toLatest, groups, scrolled }) {
    this.#log = log;
    this.#toLatest = toLatest;
    this.#groups = groups;
    log.addEventListener('scroll', () => {
      this.#scrolled();
      scrolled();
    }, { passive: true });
    toLatest.addEventListener('click', () => {
      this.follow();
      log.focus({ preventScroll: true });
    });
    // The keyboard of a phone, a turned screen, a growing composer: the end stays in sight.
    new ResizeObserver(() => this.#resized()).observe(log);
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
    this.#goToEnd();
  }

  /** Go to a place and stay there. */
  seek(element) {
    element.scrollIntoView({ block: 'center' });
    this.#followed = this.#below < AT_END;
    this.#toLatest.hidden = this.#followed;
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

  /** Change the log so that what a person looks at stays where it is. */
  keepingPlace(change) {
    const anchor = this.#followed ? null : this.#topmostHalf();
    const before = anchor?.getBoundingClientRect().top;
    change();
    if (this.#followed) this.#goToEnd();
    else if (anchor?.isConnected) {
      this.#log.scrollTop += anchor.getBoundingClientRect().top - before;
    }
  }

  #resized() {
    if (this.#followed) this.follow();
    const { clientWidth } = this.#log;
    if (clientWidth !== this.#width) this.#relayOut();
    this.#width = clientWidth;
  }

  /**
   * At another width all is of another height. Groups out of sight are only as high as they were
   * when last laid out: so all are, once, or what is read would jump when they come into sight.
   */
  #relayOut() {
    this.#log.classList.add('is-whole');
    requestAnimationFrame(() => requestAnimationFrame(() => {
      this.#log.classList.remove('is-whole');
      if (this.#followed) this.follow();
    }));
  }

  #goToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#top = this.#log.scrollTop;
  }

  get #below() {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight;
  }

  #scrolled() {
    const { scrollTop } = this.#log;
    // Who scrolls up, be it a little, wants to read: a reply that grows must not pull them back.
    // Nothing else leaves the end: a log that got smaller says so only after it has scrolled.
    if (scrollTop < this.#top) this.#followed = this.#below < AT_END;
    else this.#followed ||= this.#below < NEAR;
    this.#top = scrollTop;
    if (this.#followed) this.#toLatest.hidden = true;
  }

  /** The names of days are none: one of these moves with its first turn. */
  #topmostHalf() {
    const { top } = this.#log.getBoundingClientRect();
    const isBelow = (item) => item.getBoundingClientRect().bottom > top;
    for (const group of this.#groups().filter(isBelow)) {
      const half = [...group.querySelectorAll('.half')].find(isBelow);
      if (half !== undefined) return half;
    }
    return undefined;
  }
}
