// The part of a canvas's 2D context that plots use, written as SVG: one drawing for the screen and for the file.
const escaped = (text) =>
  String(text).replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign])
const rounded = (value) => (typeof value === 'number' ? Math.round(value * 100) / 100 : escaped(value))
const ANCHORS = { left: 'start', center: 'middle', right: 'end' }

export class SvgContext {
  fillStyle = '#000'
  strokeStyle = '#000'
  lineWidth = 1
  globalAlpha = 1
  textAlign = 'left'
  font = '13px sans-serif'
  #origin = [0, 0]
  #turn = 0
  #saved = []
  #path = ''
  #elements = []

  // From here on all coordinates are relative to (x, y), on top of what they were relative to.
  translate(x, y) {
    this.#origin = [this.#origin[0] + x, this.#origin[1] + y]
  }
  // Texts are turned by so much (radians); of the rest nothing is drawn turned.
  rotate(turn) {
    this.#turn += turn
  }
  save() {
    this.#saved.push([this.#origin, this.#turn])
  }
  restore() {
    ;[this.#origin, this.#turn] = this.#saved.pop()
  }
  fillRect(x, y, width, height) {
    this.#add('rect', { ...this.#at(x, y), width, height, ...this.#fill() })
  }
  strokeRect(x, y, width, height) {
    this.#add('rect', { ...this.#at(x, y), width, height, ...this.#stroke() })
  }
  fillText(text, x, y) {
    const look = { style: `font: ${this.font}`, 'text-anchor': ANCHORS[this.textAlign], ...this.#fill() }
    const at = this.#at(x, y)
    const turned = this.#turn
      ? { transform: `rotate(${rounded((180 * this.#turn) / Math.PI)} ${rounded(at.x)} ${rounded(at.y)})` }
      : {}
    this.#add('text', { ...at, ...turned, ...look }, escaped(text))
  }
  beginPath() {
    this.#path = ''
  }
  lineTo(x, y) {
    const at = this.#at(x, y)
    this.#path += `${this.#path ? 'L' : 'M'}${rounded(at.x)} ${rounded(at.y)}`
  }
  // A whole circle; the angles are not looked at.
  arc(x, y, radius) {
    const at = this.#at(x, y)
    const half = `${rounded(radius)} ${rounded(radius)} 0 1 1`
    const [left, right] = [rounded(at.x - radius), rounded(at.x + radius)]
    this.#path += `M${left} ${rounded(at.y)}A${half} ${right} ${rounded(at.y)}A${half} ${left} ${rounded(at.y)}`
  }
  stroke() {
    this.#add('path', { d: this.#path, ...this.#stroke() })
  }
  fill() {
    this.#add('path', { d: this.#path, ...this.#fill() })
  }
  // Path data around (x, y), `radius` times as large; `lines` ([width, colour]) lie below its fill, as on a canvas.
  fillPath(data, x, y, radius, fill, lines = []) {
    const at = this.#at(x, y)
    const transform = `translate(${rounded(at.x)} ${rounded(at.y)}) scale(${rounded(radius)})`
    for (const [width, stroke] of lines) {
      const look = { fill: 'none', stroke, 'stroke-width': width / radius, 'stroke-linejoin': 'round' }
      this.#add('path', { d: data, transform, ...look })
    }
    this.#add('path', { d: data, transform, fill, 'fill-rule': 'evenodd', 'fill-opacity': this.globalAlpha })
  }

  // The whole picture as a document.
  document({ width, height }, title) {
    const opening = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`
    return [opening, `<title>${escaped(title)}</title>`, ...this.#elements, '</svg>\n'].join('\n')
  }

  #at(x, y) {
    return { x: this.#origin[0] + x, y: this.#origin[1] + y }
  }
  #fill() {
    return { fill: this.fillStyle, 'fill-opacity': this.globalAlpha }
  }
  #stroke() {
    return {
      fill: 'none',
      stroke: this.strokeStyle,
      'stroke-width': this.lineWidth,
      'stroke-opacity': this.globalAlpha,
    }
  }
  #add(name, attributes, content = '') {
    const written = Object.entries(attributes).map(([key, value]) => `${key}="${rounded(value)}"`)
    this.#elements.push(`<${name} ${written.join(' ')}>${content}</${name}>`)
  }
}
