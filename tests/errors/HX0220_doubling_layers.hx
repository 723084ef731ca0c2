# Each layer calls the next one twice: inlined, that is more than any program may come to.
model m {
  dim batch = 8
  input x: bf16[batch]
  output y = a(x)
}
layer a(x: [..]) -> [..] { return b(x) + b(x) }
layer b(x: [..]) -> [..] { return c(x) + c(x) }
layer c(x: [..]) -> [..] { return d(x) + d(x) }
layer d(x: [..]) -> [..] { return e(x) + e(x) }
layer e(x: [..]) -> [..] { return f(x) + f(x) }
layer f(x: [..]) -> [..] { return g(x) + g(x) }
layer g(x: [..]) -> [..] { return h(x) + h(x) }
layer h(x: [..]) -> [..] { return i(x) + i(x) }
layer i(x: [..]) -> [..] { return j(x) + j(x) }
layer j(x: [..]) -> [..] { return k(x) + k(x) }
layer k(x: [..]) -> [..] { return l(x) + l(x) }
layer l(x: [..]) -> [..] { return m(x) + m(x) }
layer m(x: [..]) -> [..] { return n(x) + n(x) }
layer n(x: [..]) -> [..] { return o(x) + o(x) }  # error: HX0220
layer o(x: [..]) -> [..] { return p(x) + p(x) }
layer p(x: [..]) -> [..] { return x }
