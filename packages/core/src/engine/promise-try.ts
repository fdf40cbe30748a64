/** What `Promise.try` of newer engines does: what is thrown becomes a rejection. An async function around the call would keep its caller waiting for three turns more. */
export function promiseTry<T>(call: () => PromiseLike<T> | T): Promise<T> {
  try {
    return Promise.resolve(call())
  } catch (error) {
    return Promise.reject(error)
  }
}
