// What is wrong with the layout of the page: a list of sentences.
() => {
  const faults = [], slack = 1.5;
  const report = (what, element) => {
    if (faults.length < 40)
      faults.push(`${what}: ${element.closest('section, header, nav, footer')?.id ?? ''} <${element.tagName.toLowerCase()}> ` +
        `"${(element.textContent ?? '').trim().slice(0, 60)}"`);
  };
  const isShown = element => element.checkVisibility({ visibilityProperty: true });
  const overlap = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack;

  if (document.documentElement.scrollWidth > window.innerWidth)
    faults.push(`the page is ${document.documentElement.scrollWidth} wide in a window of ${window.innerWidth}`);

  // Text: inside its box, inside the page unless it can be scrolled to, and readable.
  const channels = color => {
    const numbers = color.match(/-?[\d.]+/g).map(Number);
    return color.startsWith('color(') ? [...numbers.slice(0, 3).map(value => 255 * value), numbers[3] ?? 1]
      : [...numbers.slice(0, 3), numbers[3] ?? 1];
  };
  const over = (top, bottom) => [0, 1, 2].map(i => top[3] * top[i] + (1 - top[3]) * bottom[i]).concat(1);
  const backgroundOf = element => {
    const layers = [];
    for (let node = element; node; node = node.parentElement)
      layers.push(channels(getComputedStyle(node).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const luminance = color => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const c = color[i] / 255;
    return sum + weight * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  }, 0);
  const contrast = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || !isShown(parent) || parent.closest('title, desc'))
      continue;
    texts++;
    const isDrawn = parent.closest('svg') !== null, style = getComputedStyle(parent);
    const background = backgroundOf(parent);
    const ratio = contrast(over(channels(isDrawn ? style.fill : style.color), background), background);
    if (ratio < 4.5)
      report(`contrast ${ratio.toFixed(2)}`, parent);
    if (isDrawn)
      continue;
    let box = parent;
    while (getComputedStyle(box).display.startsWith('inline'))
      box = box.parentElement;
    const bounds = box.getBoundingClientRect(), range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      if (rect.left < bounds.left - slack || rect.right > bounds.right + slack
          || rect.top < bounds.top - slack - 3 || rect.bottom > bounds.bottom + slack + 3)
        report('text beyond its box', parent);
      if (!parent.closest('.scroll') && (rect.left < -slack || rect.right > window.innerWidth + slack))
        report('text beyond the page', parent);
    }
  }
  if (texts < 20)
    faults.push(`only ${texts} texts`);

  // Drawings: labels inside and apart from each other.
  for (const svg of document.querySelectorAll('svg')) {
    const frame = svg.getBoundingClientRect();
    if (frame.width < 200 || frame.height < 120)
      report(`a drawing of ${frame.width} by ${frame.height}`, svg);
    const labels = [...svg.querySelectorAll('text')].map(text => ({ text, rect: text.getBoundingClientRect() }));
    if (labels.length < 4)
      report('a drawing without labels', svg);
    labels.forEach(({ text, rect }, i) => {
      if (rect.left < frame.left - slack || rect.right > frame.right + slack
          || rect.top < frame.top - slack || rect.bottom > frame.bottom + slack)
        report('a label beyond its drawing', text);
      for (const other of labels.slice(i + 1)) {
        if (overlap(rect, other.rect))
          report(`a label over "${other.text.textContent}"`, text);
      }
    });
  }

  // Boxes beside each other do not overlap, and lie in the one around them.
  for (const parent of document.querySelectorAll('body, body *:not(svg):not(svg *)')) {
    const children = [...parent.children].filter(child => isShown(child) && !(child instanceof SVGElement)
      && !getComputedStyle(child).display.startsWith('inline'));
    if (children.length > 80)
      continue;
    const around = parent.getBoundingClientRect(), boxes = children.map(child => child.getBoundingClientRect());
    boxes.forEach((box, i) => {
      if (!parent.matches('.scroll') && box.width > 0 && (box.right > around.right + slack || box.left < around.left - slack))
        report('a box wider than the one around it', children[i]);
      boxes.slice(i + 1).forEach((other, j) => {
        if (overlap(box, other))
          report(`a box over <${children[i + 1 + j].tagName.toLowerCase()}>`, children[i]);
      });
    });
  }

  for (const image of document.images) {
    if (!(image.complete && image.naturalWidth > 0 && image.alt))
      report('an image that is not shown, or says nothing', image);
  }
  const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
  if (new Set(ids).size !== ids.length)
    faults.push('two elements have one id');
  for (const section of document.querySelectorAll('section')) {
    const height = section.getBoundingClientRect().height;
    if (!section.querySelector('h2')?.textContent || section.children.length < 2 || height < 100)
      report(`an empty section of height ${height}`, section);
  }
  return faults;
}
