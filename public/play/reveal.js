/** A reader who has scrolled up is not called back. */
const NEAR_PX = 240;
const MARGIN_PX = 16;

/**
 * Brings a turn into view: as far down as needed to read all of it, but never past its first line.
 *
 * @param {HTMLElement} turn
 */
export function reveal(turn) {
  const desk = document.querySelector('.desk')?.getBoundingClientRect().height ?? 0;
  const bar = document.querySelector('.bar')?.getBoundingClientRect().height ?? 0;
  const box = turn.getBoundingClientRect();
  const end = document.getElementById('main')?.getBoundingClientRect().bottom ?? box.bottom;
  const bottom = innerHeight - desk - MARGIN_PX;
  if (box.top > innerHeight + NEAR_PX) {
    scrollBy({ top: box.top - bar - MARGIN_PX });
    return;
  }
  const by = Math.min(end - bottom, box.top - bar - MARGIN_PX);
  if (by > 0) scrollBy({ top: by, behavior: 'smooth' });
}
