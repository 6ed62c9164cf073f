import type { Primitive } from './primitive.ts';

/** The types of up to twelve stages; more are a pipe of pipes, which is the same flat plan. */
export interface Pipe {
  <A, B>(a: Primitive<A, B>): Primitive<A, B>;
  <A, B, C>(a: Primitive<A, B>, b: Primitive<B, C>): Primitive<A, C>;
  <A, B, C, D>(a: Primitive<A, B>, b: Primitive<B, C>, c: Primitive<C, D>): Primitive<A, D>;
  <A, B, C, D, E>(
    a: Primitive<A, B>,
    b: Primitive<B, C>,
    c: Primitive<C, D>,
    d: Primitive<D, E>,
  ): Primitive<A, E>;
  <A, B, C, D, E, F>(
    a: Primitive<A, B>,
    b: Primitive<B, C>,
    c: Primitive<C, D>,
    d: Primitive<D, E>,
    e: Primitive<E, F>,
  ): Primitive<A, F>;
  <A, B, C, D, E, F, G>(
    a: Primitive<A, B>,
    b: Primitive<B, C>,
    c: Primitive<C, D>,
    d: Primitive<D, E>,
    e: Primitive<E, F>,
    f: Primitive<F, G>,
  ): Primitive<A, G>;
  <A, B, C, D, E, F, G, H>(
    a: Primitive<A, B>,
    b: Primitive<B, C>,
    c: Primitive<C, D>,
    d: Primitive<D, E>,
    e: Primitive<E, F>,
    f: Primitive<F, G>,
    g: Primitive<G, H>,
  ): Primitive<A, H>;
  <A, B, C, D, E, F, G, H, I>(
    a: Primitive<A, B>,
    b: Primitive<B, C>,
    c: Primitive<C, D>,
    d: Primitive<D, E>,
    e: Primitive<E, F>,
    f: Primitive<F, G>,
    g: Primitive<G, H>,
    h: Primitive<H, I>,
  ): Primitive<A, I>;
  <A, B, C, D, E, F, G, H, I, J>(
    a: Primitive<A, B>,
    b: Primitive<B, C>,
    c: Primitive<C, D>,
    d: Primitive<D, E>,
    e: Primitive<E, F>,
    f: Primitive<F, G>,
    g: Primitive<G, H>,
    h: Primitive<H, I>,
    i: Primitive<I, J>,
  ): Primitive<A, J>;
  <A, B, C, D, E, F, G, H, I, J, K>(
    a: Primitive<A, B>,
    b: Primitive<B, C>,
    c: Primitive<C, D>,
    d: Primitive<D, E>,
    e: Primitive<E, F>,
    f: Primitive<F, G>,
    g: Primitive<G, H>,
    h: Primitive<H, I>,
    i: Primitive<I, J>,
    j: Primitive<J, K>,
  ): Primitive<A, K>;
  <A, B, C, D, E, F, G, H, I, J, K, L>(
    a: Primitive<A, B>,
    b: Primitive<B, C>,
    c: Primitive<C, D>,
    d: Primitive<D, E>,
    e: Primitive<E, F>,
    f: Primitive<F, G>,
    g: Primitive<G, H>,
    h: Primitive<H, I>,
    i: Primitive<I, J>,
    j: Primitive<J, K>,
    k: Primitive<K, L>,
  ): Primitive<A, L>;
  <A, B, C, D, E, F, G, H, I, J, K, L, M>(
    a: Primitive<A, B>,
    b: Primitive<B, C>,
    c: Primitive<C, D>,
    d: Primitive<D, E>,
    e: Primitive<E, F>,
    f: Primitive<F, G>,
    g: Primitive<G, H>,
    h: Primitive<H, I>,
    i: Primitive<I, J>,
    j: Primitive<J, K>,
    k: Primitive<K, L>,
    l: Primitive<L, M>,
  ): Primitive<A, M>;
}
