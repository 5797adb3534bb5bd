// The addresses of the API, what each takes in its query and body, and what it answers: from schema.d.ts.
import type { paths } from './schema'

type Method = 'get' | 'post' | 'put' | 'delete'
type Operation<M extends Method, P extends keyof paths> = paths[P][M]
type PathsWith<M extends Method> = {
  [P in keyof paths]: [Operation<M, P>] extends [never] ? never : P
}[keyof paths]

// "/api/tracks/{track_id}/trail" as the page writes it: with any text for each parameter.
type Written<P extends string> = P extends `${infer Before}{${string}}${infer After}`
  ? `${Before}${string}${Written<After>}`
  : P
export type Address<M extends Method> = { [P in PathsWith<M>]: Written<P> }[PathsWith<M>]
type PathOf<M extends Method, A> = { [P in PathsWith<M>]: A extends Written<P> ? P : never }[PathsWith<M>]

type Of<T, K extends string> = T extends { [key in K]?: infer V } ? V : never
type Known<T> = [T] extends [never] ? any : [keyof T] extends [never] ? any : T
export type Query<M extends Method, A> = Known<Of<Of<Operation<M, PathOf<M, A>>, 'parameters'>, 'query'>>
export type Body<M extends Method, A> = Known<
  Of<Of<Of<Operation<M, PathOf<M, A>>, 'requestBody'>, 'content'>, 'application/json'>
>
type Responses<M extends Method, A> = Operation<M, PathOf<M, A>> extends { responses: infer R } ? R : never
type Good<R> = {
  [S in keyof R]: S extends 200 | 201 | 202 ? Of<Of<R[S], 'content'>, 'application/json'> : never
}[keyof R]
// Anything where the description says nothing of it.
export type Answer<M extends Method, A> = Known<Good<Responses<M, A>>>

export type Send<M extends Method> = <A extends Address<M>>(path: A, body?: Body<M, A>) => Promise<Answer<M, A>>
