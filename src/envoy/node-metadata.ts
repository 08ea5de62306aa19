/** Field of `Node.metadata`: uid of the object that a proxy was made for. Its name may be another object's by now. */
export const ownerUidField = 'fairlead.dev/owner-uid'
