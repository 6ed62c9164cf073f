// Runs in the page. Gives what a person with a keyboard, a screen reader or tired eyes would trip over, in words.
(() => {
  const findings = [];
  const say = (element, what) =>
    findings.push(`${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ''}: ${what}`);
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const all = (selector) => [...document.querySelectorAll(selector)].filter(isShown);

  if (document.documentElement.lang === '') findings.push('the page names no language');
  if (document.title === '') findings.push('the page has no title');
  for (const landmark of ['main', 'header', 'h1']) {
    if (document.querySelectorAll(landmark).length !== 1) findings.push(`not exactly one ${landmark}`);
  }

  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  for (const id of new Set(ids))
    if (ids.filter((other) => other === id).length > 1) findings.push(`two #${id}`);
  for (const attribute of ['aria-controls', 'aria-labelledby', 'aria-describedby', 'for']) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(/\s+/)) {
        if (!ids.includes(id)) say(element, `${attribute} names #${id}, which is not there`);
      }
    }
  }

  let level = 0;
  for (const heading of all('h1, h2, h3, h4')) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) say(heading, `a heading of level ${own} follows one of level ${level}`);
    level = own;
  }

  const nameOf = (element) =>
    (
      element.ariaLabel ??
      document.getElementById(element.getAttribute('aria-labelledby') ?? '')?.textContent ??
      [...(element.labels ?? [])].map(({ textContent }) => textContent).join(' ')
    ).trim() || element.textContent.trim();
  for (const control of all('button, a, input, textarea')) {
    if (nameOf(control) === '') say(control, 'has no name');
    if (control.tabIndex < 0) say(control, 'cannot be reached with the keyboard');
    const { width, height } = control.getBoundingClientRect();
    if (width < 24 || height < 24)
      say(control, `is only ${Math.round(width)} by ${Math.round(height)} pixels`);
  }
  for (const region of all('aside, nav, section, form, [role="log"], [role="group"], dialog')) {
    if (region.matches('form, section section, .place section')) continue;
    if (!region.ariaLabel && !region.hasAttribute('aria-labelledby'))
      say(region, 'is a region without a name');
  }

  // Colours may be in any notation: a canvas knows them all.
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const rgb = (colours) => {
    pen.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
    }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (channels) => {
    const [red, green, blue] = channels.map((channel) => {
      const share = channel / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const groundsOf = (element) => {
    const grounds = [];
    for (let at = element; at !== null; at = at.parentElement) {
      grounds.unshift(getComputedStyle(at).backgroundColor);
    }
    return ['white', ...grounds];
  };
  const contrast = (element, colour) => {
    const grounds = groundsOf(element);
    const [low, high] = [luminance(rgb([...grounds, colour])), luminance(rgb(grounds))].toSorted(
      (a, b) => a - b,
    );
    return (high + 0.05) / (low + 0.05);
  };
  const checkContrast = (element, colour, what) => {
    const found = contrast(element, colour);
    if (found < 4.5) say(element, `${what} has a contrast of only ${found.toFixed(2)}`);
  };
  let texts = 0;
  for (const element of all('body *')) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (!hasText || element.closest('.visually-hidden, .skip, noscript, option')) continue;
    texts += 1;
    checkContrast(element, getComputedStyle(element).color, `"${element.textContent.trim().slice(0, 30)}"`);
  }
  for (const field of all('textarea[placeholder]')) {
    checkContrast(field, getComputedStyle(field, '::placeholder').color, 'the placeholder');
  }
  return { findings, texts, overflow: document.documentElement.scrollWidth - innerWidth };
})();
