// Axes in words.
import { AXES } from './words.js'

export const axisTitle = (name) => (AXES[name].unit ? `${AXES[name].label} (${AXES[name].unit})` : AXES[name].label)
export const axisWords = (name) => (AXES[name].low ? `, from ${AXES[name].low} to ${AXES[name].high}` : '')
