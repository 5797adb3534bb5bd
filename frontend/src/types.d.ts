// A template cannot say which element an event comes from: it is the field that the listener is on.
interface EventTarget {
  value?: any
  checked?: boolean
  select?(): void
}
