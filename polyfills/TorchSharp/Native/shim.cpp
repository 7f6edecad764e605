// The C ABI between the managed half of this polyfill and libtorch.
//
// A tensor crosses as a pointer to an at::Tensor on the heap, which the managed side owns and gives back to ts_free.
// No exception crosses: every body runs inside guarded(), which keeps the message for ts_take_error on the same thread.
// The three macros below make an operator one line here and one line of C#:
//   TENSOR(name, (parameters), expression)     returns a new handle; null for an error, and for an undefined tensor
//   DONE(name, (parameters), statements)       returns true, or false for an error; in-place operators among others
//   FAST(type, name, (parameters), expression) what can neither fail nor take long: called without leaving the GC's mode
// Only public headers are used, and nothing that newer versions of libtorch have renamed.

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/TensorIndexing.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/cuda.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <tuple>
#include <vector>

using T = at::Tensor *;
using G = at::Generator *;

namespace {

thread_local char *last_error = nullptr;

void fail(const char *message) noexcept
{
    std::free(last_error);
    last_error = strdup(message);
}

template <class Body> bool guarded(Body body) noexcept
{
    try {
        body();
        return true;
    } catch (const std::exception &e) {
        fail(e.what());
    } catch (...) {
        fail("libtorch threw something that is no std::exception");
    }
    return false;
}

T handle(at::Tensor tensor) { return tensor.defined() ? new at::Tensor(std::move(tensor)) : nullptr; }

// What TorchSharp.Scalar holds, by value: an integer, a floating-point number, or nothing.
struct Number {
    int64_t kind; // 0 nothing, 1 integer (or what a Boolean tensor holds), 2 floating point
    int64_t bits;

    static Number of(const at::Scalar &scalar)
    {
        Number number{scalar.isFloatingPoint() ? 2 : 1, 0};
        if (number.kind == 2) {
            double real = scalar.toDouble();
            std::memcpy(&number.bits, &real, sizeof real);
        } else
            number.bits = scalar.toLong();
        return number;
    }
    at::Scalar value() const
    {
        double real;
        std::memcpy(&real, &bits, sizeof real);
        return kind == 2 ? at::Scalar(real) : at::Scalar(bits);
    }
    operator at::Scalar() const { return value(); }
    c10::optional<at::Scalar> maybe() const { return kind == 0 ? c10::optional<at::Scalar>() : value(); }
    c10::optional<double> maybe_real() const { return kind == 0 ? c10::optional<double>() : value().toDouble(); }
    c10::optional<int64_t> maybe_integer() const { return kind == 0 ? c10::optional<int64_t>() : value().toLong(); }
};

struct Options {
    int32_t dtype, device_type, device_index, requires_grad;

    operator at::TensorOptions() const
    {
        return at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)).device(device());
    }
    at::Device device() const { return at::Device(static_cast<at::DeviceType>(device_type), static_cast<at::DeviceIndex>(device_index)); }
    at::Tensor finish(at::Tensor tensor) const { return requires_grad ? tensor.set_requires_grad(true) : tensor; }
};

struct Index {
    int64_t kind; // 0 single, 1 slice, 2 none (a new axis), 3 ellipsis, 4 tensor
    int64_t start, stop, step;
    T tensor;
};

at::IntArrayRef dims(const int64_t *values, int32_t count) { return at::IntArrayRef(values, count); }

c10::optional<at::ScalarType> maybe_type(int32_t type)
{
    return type < 0 ? c10::optional<at::ScalarType>() : static_cast<at::ScalarType>(type);
}

const char *rounding(int32_t mode) { return mode == 1 ? "trunc" : "floor"; }

at::Tensor or_none(T tensor) { return tensor ? *tensor : at::Tensor(); }

// No generator means the process-wide one.
c10::optional<at::Generator> or_default(G generator) { return generator ? c10::optional<at::Generator>(*generator) : c10::optional<at::Generator>(); }

std::vector<at::Tensor> list(T *tensors, int32_t count)
{
    std::vector<at::Tensor> result;
    result.reserve(count);
    for (int32_t i = 0; i < count; i++)
        result.push_back(*tensors[i]);
    return result;
}

std::vector<at::indexing::TensorIndex> indices(const Index *items, int32_t count)
{
    using at::indexing::TensorIndex;
    std::vector<TensorIndex> result;
    for (int32_t i = 0; i < count; i++) {
        const Index &item = items[i];
        switch (item.kind) {
        case 0: result.emplace_back(item.start); break;
        case 1: result.emplace_back(at::indexing::Slice(item.start, item.stop, item.step)); break;
        case 2: result.emplace_back(at::indexing::None); break;
        case 3: result.emplace_back(at::indexing::Ellipsis); break;
        default: result.emplace_back(*item.tensor); break;
        }
    }
    return result;
}

void same_size(const at::Tensor &input, const at::Tensor &target)
{
    TORCH_CHECK(input.sizes() == target.sizes(), "Using a target size (", target.sizes(), ") that is different to the input size (", input.sizes(),
                ") is deprecated. Please ensure they have the same size.");
}

} // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))
#define TENSOR(name, parameters, ...)                                                                                                                \
    EXPORT T ts_##name parameters noexcept                                                                                                           \
    {                                                                                                                                                \
        T result = nullptr;                                                                                                                          \
        guarded([&] { result = handle(__VA_ARGS__); });                                                                                               \
        return result;                                                                                                                               \
    }
#define DONE(name, parameters, ...)                                                                                                                  \
    EXPORT bool ts_##name parameters noexcept                                                                                                        \
    {                                                                                                                                                \
        return guarded([&] { __VA_ARGS__; });                                                                                                        \
    }
#define FAST(type, name, parameters, ...)                                                                                                            \
    EXPORT type ts_##name parameters noexcept { return __VA_ARGS__; }

// ---- errors and ownership

EXPORT char *ts_take_error() noexcept
{
    char *error = last_error;
    last_error = nullptr;
    return error;
}
EXPORT void ts_free_error(char *error) noexcept { std::free(error); }
DONE(free, (T a), delete a)

// ---- the process

DONE(set_num_threads, (int32_t count), at::set_num_threads(count))
DONE(get_num_threads, (int32_t *result), *result = at::get_num_threads())
DONE(cuda_device_count, (int32_t *result), *result = torch::cuda::is_available() ? static_cast<int32_t>(torch::cuda::device_count()) : 0)
FAST(bool, grad_enabled, (), at::GradMode::is_enabled())
FAST(void, set_grad_enabled, (bool enabled), at::GradMode::set_enabled(enabled))

// ---- generators

EXPORT G ts_generator(uint64_t seed) noexcept
{
    G result = nullptr;
    guarded([&] { result = new at::Generator(at::detail::createCPUGenerator(seed)); });
    return result;
}
EXPORT G ts_default_generator() noexcept
{
    G result = nullptr;
    guarded([&] { result = new at::Generator(at::detail::getDefaultCPUGenerator()); });
    return result;
}
DONE(generator_free, (G g), delete g)
DONE(manual_seed, (int64_t seed), at::manual_seed(static_cast<uint64_t>(seed)))
DONE(generator_seed, (G g, int64_t seed), std::lock_guard<std::mutex> lock(g->mutex()); g->set_current_seed(static_cast<uint64_t>(seed)))
DONE(generator_initial_seed, (G g, int64_t *result), *result = static_cast<int64_t>(g->current_seed()))
TENSOR(generator_state, (G g), (std::lock_guard<std::mutex>(g->mutex()), g->get_state()))
DONE(generator_set_state, (G g, T state), std::lock_guard<std::mutex> lock(g->mutex()); g->set_state(*state))

// ---- making tensors

TENSOR(copy_of, (const void *data, const int64_t *s, int32_t n, int32_t from, Options o),
       o.finish(at::from_blob(const_cast<void *>(data), dims(s, n), at::TensorOptions().dtype(static_cast<at::ScalarType>(from)))
                    .to(static_cast<at::TensorOptions>(o), false, true)))
TENSOR(alias_of, (void *data, const int64_t *s, int32_t n, int32_t dtype, void (*release)(void *), void *context),
       at::from_blob(
           data, dims(s, n), [release, context](void *) { release(context); }, at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype))))
TENSOR(empty, (const int64_t *s, int32_t n, Options o), o.finish(at::empty(dims(s, n), o)))
TENSOR(zeros, (const int64_t *s, int32_t n, Options o), o.finish(at::zeros(dims(s, n), o)))
TENSOR(ones, (const int64_t *s, int32_t n, Options o), o.finish(at::ones(dims(s, n), o)))
TENSOR(full, (const int64_t *s, int32_t n, Number value, Options o), o.finish(at::full(dims(s, n), value, o)))
TENSOR(arange, (Number start, Number stop, Number step, Options o), o.finish(at::arange(start.value(), stop.value(), step.value(), o)))
TENSOR(eye, (int64_t rows, int64_t columns, Options o), o.finish(at::eye(rows, columns, o)))
TENSOR(rand, (const int64_t *s, int32_t n, G g, Options o), o.finish(at::rand(dims(s, n), or_default(g), o)))
TENSOR(randn, (const int64_t *s, int32_t n, G g, Options o), o.finish(at::randn(dims(s, n), or_default(g), o)))
TENSOR(randint, (int64_t low, int64_t high, const int64_t *s, int32_t n, G g, Options o), o.finish(at::randint(low, high, dims(s, n), or_default(g), o)))
TENSOR(randperm, (int64_t n, G g, Options o), o.finish(at::randperm(n, or_default(g), o)))
TENSOR(zeros_like, (T a, Options o), o.finish(at::zeros_like(*a, o)))
TENSOR(ones_like, (T a, Options o), o.finish(at::ones_like(*a, o)))

// ---- what a tensor is

FAST(int64_t, dim, (T a), a->dim())
FAST(int64_t, numel, (T a), a->numel())
FAST(int32_t, dtype, (T a), static_cast<int32_t>(a->scalar_type()))
FAST(int32_t, device_type, (T a), static_cast<int32_t>(a->device().type()))
FAST(int32_t, device_index, (T a), a->device().index())
FAST(bool, is_contiguous, (T a), a->is_contiguous())
FAST(bool, is_leaf, (T a), a->is_leaf())
FAST(bool, requires_grad, (T a), a->requires_grad())
FAST(void, sizes, (T a, int64_t *out), std::memcpy(out, a->sizes().data(), a->dim() * sizeof(int64_t)), void())
FAST(void, strides, (T a, int64_t *out), std::memcpy(out, a->strides().data(), a->dim() * sizeof(int64_t)), void())
DONE(size, (T a, int64_t dim, int64_t *result), *result = a->size(dim))
DONE(data, (T a, void **result), *result = a->data_ptr())
DONE(item, (T a, Number *result), *result = Number::of(a->item()))
DONE(equal, (T a, T b, bool *result), *result = at::equal(*a, *b))
DONE(allclose, (T a, T b, double rtol, double atol, bool nan, bool *result), *result = at::allclose(*a, *b, rtol, atol, nan))

// ---- moving and converting

TENSOR(to, (T a, int32_t dtype, int32_t device_type, int32_t device_index, bool copy, bool non_blocking),
       a->to((Options{dtype, device_type, device_index, 0}), non_blocking, copy))
TENSOR(clone, (T a), a->clone())
TENSOR(detach, (T a), a->detach())
TENSOR(contiguous, (T a), a->contiguous())
TENSOR(alias, (T a), a->alias())
DONE(copy_, (T a, T source, bool non_blocking), a->copy_(*source, non_blocking))

// ---- autograd

TENSOR(grad, (T a), a->grad())
DONE(set_grad, (T a, T gradient), a->mutable_grad() = or_none(gradient))
DONE(set_requires_grad, (T a, bool value), a->set_requires_grad(value))
DONE(backward, (T *outputs, int32_t no, T *gradients, int32_t ng, bool retain, bool create, T *inputs, int32_t ni),
     torch::autograd::backward(list(outputs, no), list(gradients, ng), retain, create, list(inputs, ni)))
DONE(autograd_grad, (T *outputs, int32_t no, T *inputs, int32_t ni, T *gradients, int32_t ng, bool retain, bool create, bool unused, T *results),
     auto all = torch::autograd::grad(list(outputs, no), list(inputs, ni), list(gradients, ng), retain, create, unused);
     for (size_t i = 0; i < all.size(); i++) results[i] = handle(all[i]))
DONE(clear_grads, (T *parameters, int32_t n, bool set_to_none), for (int32_t i = 0; i < n; i++) {
    at::Tensor &gradient = parameters[i]->mutable_grad();
    if (set_to_none)
        gradient.reset();
    else if (gradient.defined()) {
        if (gradient.grad_fn())
            gradient.detach_();
        at::NoGradGuard quiet;
        gradient.zero_();
    }
})

// ---- elementwise, one operand

#define UNARY(name) TENSOR(name, (T a), a->name())
#define UNARY_(name) DONE(name, (T a), a->name())
UNARY(abs) UNARY(neg) UNARY(exp) UNARY(expm1) UNARY(log) UNARY(log1p) UNARY(sqrt) UNARY(rsqrt) UNARY(square) UNARY(reciprocal) UNARY(sign) UNARY(relu)
UNARY(sigmoid) UNARY(tanh) UNARY(isnan) UNARY(isinf) UNARY(isfinite) UNARY(logical_not)
UNARY_(abs_) UNARY_(neg_) UNARY_(sqrt_) UNARY_(relu_) UNARY_(tanh_) UNARY_(zero_)
TENSOR(silu, (T a), at::silu(*a))
TENSOR(selu, (T a), at::selu(*a))
TENSOR(gelu, (T a), at::gelu(*a))
TENSOR(elu, (T a, Number alpha), at::elu(*a, alpha.value()))
TENSOR(leaky_relu, (T a, Number slope), at::leaky_relu(*a, slope.value()))
TENSOR(softplus, (T a, Number beta, Number threshold), at::softplus(*a, beta.value(), threshold.value()))
DONE(silu_, (T a), at::silu_(*a))
DONE(selu_, (T a), at::selu_(*a))
DONE(elu_, (T a, Number alpha), at::elu_(*a, alpha.value()))
DONE(leaky_relu_, (T a, Number slope), at::leaky_relu_(*a, slope.value()))
TENSOR(softmax, (T a, int64_t dim, int32_t type), at::softmax(*a, dim, maybe_type(type)))
TENSOR(log_softmax, (T a, int64_t dim), at::log_softmax(*a, dim))
TENSOR(nan_to_num, (T a, double nan, Number posinf, Number neginf), a->nan_to_num(nan, posinf.maybe_real(), neginf.maybe_real()))
TENSOR(one_hot, (T a, int64_t classes), at::one_hot(*a, classes))
TENSOR(dropout, (T a, double p, bool train), at::dropout(*a, p, train))
DONE(dropout_, (T a, double p, bool train), at::dropout_(*a, p, train))

// ---- elementwise, more operands; an operator with a Scalar carries _s

#define BINARY(name) TENSOR(name, (T a, T b), a->name(*b)) TENSOR(name##_s, (T a, Number b), a->name(b.value()))
TENSOR(add, (T a, T b, Number alpha), a->add(*b, alpha.value()))
TENSOR(add_s, (T a, Number b), a->add(b.value()))
TENSOR(sub, (T a, T b), a->sub(*b))
TENSOR(sub_s, (T a, Number b), a->sub(b.value()))
BINARY(mul) BINARY(pow) BINARY(eq) BINARY(ne) BINARY(lt) BINARY(gt) BINARY(le) BINARY(ge)
DONE(add_, (T a, T b, Number alpha), a->add_(*b, alpha.value()))
DONE(add_s_, (T a, Number b), a->add_(b.value()))
DONE(sub_, (T a, T b), a->sub_(*b))
DONE(sub_s_, (T a, Number b), a->sub_(b.value()))
DONE(mul_, (T a, T b), a->mul_(*b))
DONE(mul_s_, (T a, Number b), a->mul_(b.value()))
TENSOR(div, (T a, T b), a->div(*b))
TENSOR(div_s, (T a, Number b), a->div(b.value()))
DONE(div_, (T a, T b, int32_t mode), mode ? a->div_(*b, rounding(mode)) : a->div_(*b))
DONE(div_s_, (T a, Number b, int32_t mode), mode ? a->div_(b.value(), rounding(mode)) : a->div_(b.value()))
TENSOR(maximum, (T a, T b), at::maximum(*a, *b))
TENSOR(minimum, (T a, T b), at::minimum(*a, *b))
TENSOR(clamp, (T a, Number low, Number high), a->clamp(low.maybe(), high.maybe()))
TENSOR(clamp_min, (T a, Number low), a->clamp_min(low.value()))
DONE(clamp_, (T a, Number low, Number high), a->clamp_(low.maybe(), high.maybe()))
TENSOR(lerp, (T a, T end, T weight), a->lerp(*end, *weight))
DONE(lerp_, (T a, T end, T weight), a->lerp_(*end, *weight))
TENSOR(addcmul, (T a, T b, T c, Number value), a->addcmul(*b, *c, value.value()))
TENSOR(addcdiv, (T a, T b, T c, Number value), a->addcdiv(*b, *c, value.value()))
DONE(addcmul_, (T a, T b, T c, Number value), a->addcmul_(*b, *c, value.value()))
DONE(addcdiv_, (T a, T b, T c, Number value), a->addcdiv_(*b, *c, value.value()))
TENSOR(where, (T condition, T a, T b), at::where(*condition, *a, *b))
TENSOR(masked_fill, (T a, T mask, Number value), a->masked_fill(*mask, value.value()))
TENSOR(bernoulli, (T a, G g), a->bernoulli(or_default(g)))
DONE(fill_, (T a, Number value), a->fill_(value.value()))
DONE(uniform_, (T a, double from, double to, G g), a->uniform_(from, to, or_default(g)))
DONE(normal_, (T a, double mean, double std, G g), a->normal_(mean, std, or_default(g)))
DONE(bernoulli_, (T a, double p, G g), a->bernoulli_(p, or_default(g)))

// ---- reductions

TENSOR(sum, (T a, int32_t type), a->sum(maybe_type(type)))
TENSOR(sum_dim, (T a, const int64_t *d, int32_t n, bool keep, int32_t type), a->sum(dims(d, n), keep, maybe_type(type)))
TENSOR(mean, (T a), a->mean())
TENSOR(mean_dim, (T a, const int64_t *d, int32_t n, bool keep, int32_t type), a->mean(dims(d, n), keep, maybe_type(type)))
TENSOR(std, (T a, bool unbiased), a->std(unbiased))
TENSOR(std_dim, (T a, int64_t dim, bool unbiased, bool keep), a->std({dim}, unbiased, keep))
TENSOR(var_dim, (T a, const int64_t *d, int32_t n, bool unbiased, bool keep), a->var(dims(d, n), unbiased, keep))
TENSOR(any, (T a), a->any())
TENSOR(all, (T a), a->all())
TENSOR(amin, (T a, const int64_t *d, int32_t n), a->amin(dims(d, n)))
TENSOR(amax, (T a, const int64_t *d, int32_t n), a->amax(dims(d, n)))
TENSOR(max, (T a), a->max())
TENSOR(min, (T a), a->min())
DONE(max_dim, (T a, int64_t dim, bool keep, T *values, T *indexes), auto r = a->max(dim, keep);
     *values = handle(std::get<0>(r)); *indexes = handle(std::get<1>(r)))
TENSOR(argmax, (T a), a->argmax())
TENSOR(argmin_dim, (T a, int64_t dim, bool keep), a->argmin(dim, keep))
TENSOR(norm, (T a, float p), a->norm(p))
TENSOR(norm_dim, (T a, int64_t dim, bool keep, float p), a->norm(p, dims(&dim, 1), keep))
TENSOR(normalize, (T a, double p, int64_t dim, double eps), a->div(a->norm(p, dims(&dim, 1), true).clamp_min(eps)))
TENSOR(logsumexp, (T a, int64_t dim, bool keep), a->logsumexp(dim, keep))

// ---- matrices

TENSOR(matmul, (T a, T b), a->matmul(*b))
TENSOR(mm, (T a, T b), a->mm(*b))
TENSOR(bmm, (T a, T b), a->bmm(*b))
TENSOR(linear, (T input, T weight, T bias), bias ? at::linear(*input, *weight, *bias) : at::linear(*input, *weight))
DONE(svd, (T a, bool full, T *u, T *s, T *vh), auto r = at::linalg_svd(*a, full);
     *u = handle(std::get<0>(r)); *s = handle(std::get<1>(r)); *vh = handle(std::get<2>(r)))

// ---- convolution, pooling, normalization

TENSOR(conv2d,
       (T input, T weight, T bias, const int64_t *s, int32_t ns, const int64_t *p, int32_t np, const int64_t *d, int32_t nd, int64_t groups),
       at::conv2d(*input, *weight, or_none(bias), dims(s, ns), dims(p, np), dims(d, nd), groups))
TENSOR(conv_transpose2d,
       (T input, T weight, T bias, const int64_t *s, int32_t ns, const int64_t *p, int32_t np, const int64_t *op, int32_t nop, const int64_t *d,
        int32_t nd, int64_t groups),
       at::conv_transpose2d(*input, *weight, or_none(bias), dims(s, ns), dims(p, np), dims(op, nop), groups, dims(d, nd)))
TENSOR(max_pool2d,
       (T input, const int64_t *k, int32_t nk, const int64_t *s, int32_t ns, const int64_t *p, int32_t np, const int64_t *d, int32_t nd, bool ceil),
       at::max_pool2d(*input, dims(k, nk), dims(s, ns), dims(p, np), dims(d, nd), ceil))
TENSOR(batch_norm, (T input, T mean, T variance, T weight, T bias, bool training, double momentum, double eps),
       at::batch_norm(*input, or_none(weight), or_none(bias), *mean, *variance, training, momentum, eps, false))
TENSOR(layer_norm, (T input, const int64_t *s, int32_t n, T weight, T bias, double eps),
       at::layer_norm(*input, dims(s, n), or_none(weight), or_none(bias), eps))

// ---- shapes and parts

TENSOR(t, (T a), a->t())
TENSOR(transpose, (T a, int64_t dim0, int64_t dim1), a->transpose(dim0, dim1))
TENSOR(permute, (T a, const int64_t *d, int32_t n), a->permute(dims(d, n)))
TENSOR(reshape, (T a, const int64_t *s, int32_t n), a->reshape(dims(s, n)))
TENSOR(view, (T a, const int64_t *s, int32_t n), a->view(dims(s, n)))
TENSOR(expand, (T a, const int64_t *s, int32_t n, bool implicit), a->expand(dims(s, n), implicit))
TENSOR(repeat, (T a, const int64_t *s, int32_t n), a->repeat(dims(s, n)))
TENSOR(repeat_interleave, (T a, int64_t repeats, Number dim, Number size),
       a->repeat_interleave(repeats, dim.maybe_integer(), size.maybe_integer()))
TENSOR(flatten, (T a, int64_t start, int64_t end), a->flatten(start, end))
TENSOR(squeeze, (T a), a->squeeze())
TENSOR(squeeze_dim, (T a, int64_t dim), a->squeeze(dim))
TENSOR(unsqueeze, (T a, int64_t dim), a->unsqueeze(dim))
TENSOR(narrow, (T a, int64_t dim, int64_t start, int64_t length), a->narrow(dim, start, length))
TENSOR(slice, (T a, int64_t dim, int64_t start, int64_t finish, int64_t step), a->slice(dim, start, finish, step))
TENSOR(index_select, (T a, int64_t dim, T index), a->index_select(dim, *index))
TENSOR(gather, (T a, int64_t dim, T index), a->gather(dim, *index))
TENSOR(index, (T a, const Index *items, int32_t n), a->index(indices(items, n)))
DONE(index_put_, (T a, const Index *items, int32_t n, T value), a->index_put_(indices(items, n), *value))
TENSOR(cat, (T *tensors, int32_t n, int64_t dim), at::cat(list(tensors, n), dim))
TENSOR(stack, (T *tensors, int32_t n, int64_t dim), at::stack(list(tensors, n), dim))

// ---- losses

TENSOR(mse_loss, (T input, T target, int64_t reduction), at::mse_loss(*input, *target, reduction))
TENSOR(l1_loss, (T input, T target, int64_t reduction), at::l1_loss(*input, *target, reduction))
TENSOR(huber_loss, (T input, T target, int64_t reduction, double delta), at::huber_loss(*input, *target, reduction, delta))
TENSOR(smooth_l1_loss, (T input, T target, int64_t reduction, double beta), at::smooth_l1_loss(*input, *target, reduction, beta))
TENSOR(binary_cross_entropy, (T input, T target, T weight, int64_t reduction),
       (same_size(*input, *target), at::binary_cross_entropy(*input, *target, or_none(weight), reduction)))
TENSOR(binary_cross_entropy_with_logits, (T input, T target, T weight, int64_t reduction, T positive),
       (same_size(*input, *target), at::binary_cross_entropy_with_logits(*input, *target, or_none(weight), or_none(positive), reduction)))
TENSOR(cross_entropy, (T input, T target, T weight, int64_t reduction, int64_t ignored, double smoothing),
       at::cross_entropy_loss(*input, *target, or_none(weight), reduction, ignored, smoothing))

// ---- optimizers: one call for a whole parameter list

namespace {

struct AdamOptions {
    double lr, beta1, beta2, eps, weight_decay;
    int32_t amsgrad, maximize, decoupled; // decoupled: AdamW's decay of the parameter itself
};

// Adam on any kind of tensor, in the order of PyTorch's own operators.
void adam_operators(at::Tensor &parameter, at::Tensor gradient, at::Tensor &mean, at::Tensor &square, T largest, double step_size, double correction,
                    const AdamOptions &o)
{
    if (o.maximize)
        gradient = gradient.neg();
    if (o.decoupled)
        parameter.mul_(1 - o.lr * o.weight_decay);
    else if (o.weight_decay != 0)
        gradient = gradient.add(parameter, o.weight_decay);
    mean.mul_(o.beta1).add_(gradient, 1 - o.beta1);
    square.mul_(o.beta2).addcmul_(gradient, gradient, 1 - o.beta2);
    if (o.amsgrad)
        at::maximum_out(*largest, *largest, square);
    parameter.addcdiv_(mean, (o.amsgrad ? *largest : square).sqrt().div_(correction).add_(o.eps), -step_size);
}

struct AdamSpan {
    float *parameter, *mean, *square, *largest;
    const float *gradient;
    float beta1, rest1, beta2, rest2, sign, decay, shrink, correction, eps, step_size;
};

// The same in one pass over memory, which is what the step costs. The fused multiply-adds stand where libtorch's vectorised
// operators have theirs, so that the rounding is theirs too, on every CPU. PLAIN leaves out what only options ask for.
template <bool PLAIN, bool AMSGRAD> __attribute__((always_inline)) inline void adam_span(const AdamSpan &s, int64_t begin, int64_t end)
{
    float *__restrict p = s.parameter, *__restrict m = s.mean, *__restrict v = s.square, *__restrict l = s.largest;
    const float *__restrict g = s.gradient;
    for (int64_t i = begin; i < end; i++) {
        float gradient = g[i], parameter = p[i];
        if (!PLAIN) {
            parameter = parameter * s.shrink;
            gradient = __builtin_fmaf(parameter, s.decay, gradient * s.sign);
        }
        float mean = __builtin_fmaf(gradient, s.rest1, m[i] * s.beta1);
        float square = __builtin_fmaf(s.rest2 * gradient, gradient, v[i] * s.beta2);
        float scale = AMSGRAD && !(square > l[i] || square != square) ? l[i] : square;
        m[i] = mean;
        v[i] = square;
        if (AMSGRAD)
            l[i] = scale;
        p[i] = parameter - s.step_size * mean / (__builtin_sqrtf(scale) / s.correction + s.eps);
    }
}

using AdamLoop = void (*)(const AdamSpan &, int64_t, int64_t);
template <bool PLAIN, bool AMSGRAD> void adam_any(const AdamSpan &s, int64_t begin, int64_t end) { adam_span<PLAIN, AMSGRAD>(s, begin, end); }
#if defined(__x86_64__)
template <bool PLAIN, bool AMSGRAD> __attribute__((target("avx2,fma"))) void adam_avx2(const AdamSpan &s, int64_t begin, int64_t end)
{
    adam_span<PLAIN, AMSGRAD>(s, begin, end);
}
const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
#define adam_avx2 adam_any
const bool avx2 = false;
#endif

template <bool PLAIN, bool AMSGRAD> AdamLoop adam_loop() { return avx2 ? adam_avx2<PLAIN, AMSGRAD> : adam_any<PLAIN, AMSGRAD>; }

// Plain memory of floats, as many as the parameter has.
bool is_span(const at::Tensor &tensor, const at::Tensor &parameter)
{
    return tensor.scalar_type() == at::kFloat && tensor.device().is_cpu() && tensor.layout() == at::kStrided && tensor.is_contiguous() &&
           tensor.sizes() == parameter.sizes();
}

} // namespace

// A parameter without a gradient is left alone, its step count too.
DONE(adam, (T *parameters, T *means, T *squares, T *largest, int64_t *steps, int32_t n, const AdamOptions *options), {
    const AdamOptions &o = *options;
    AdamLoop loop = o.amsgrad ? adam_loop<false, true>() : o.maximize || o.weight_decay != 0 ? adam_loop<false, false>() : adam_loop<true, false>();
    at::NoGradGuard quiet;
    for (int32_t i = 0; i < n; i++) {
        at::Tensor &parameter = *parameters[i], gradient = parameter.grad(), &mean = *means[i], &square = *squares[i];
        if (!gradient.defined())
            continue;
        int64_t step = ++steps[i];
        double step_size = o.lr / (1 - std::pow(o.beta1, step)), correction = std::sqrt(1 - std::pow(o.beta2, step));
        if (!is_span(parameter, parameter) || !is_span(gradient, parameter) || !is_span(mean, parameter) || !is_span(square, parameter)) {
            adam_operators(parameter, gradient, mean, square, o.amsgrad ? largest[i] : nullptr, step_size, correction, o);
            continue;
        }
        AdamSpan span{parameter.data_ptr<float>(), mean.data_ptr<float>(), square.data_ptr<float>(), o.amsgrad ? largest[i]->data_ptr<float>() : nullptr,
                      gradient.data_ptr<float>(), static_cast<float>(o.beta1), static_cast<float>(1 - o.beta1), static_cast<float>(o.beta2),
                      static_cast<float>(1 - o.beta2), o.maximize ? -1.0f : 1.0f, static_cast<float>(o.decoupled ? 0 : o.weight_decay),
                      static_cast<float>(o.decoupled ? 1 - o.lr * o.weight_decay : 1), static_cast<float>(correction), static_cast<float>(o.eps),
                      static_cast<float>(step_size)};
        at::parallel_for(0, parameter.numel(), at::internal::GRAIN_SIZE, [&](int64_t begin, int64_t end) { loop(span, begin, end); });
        // As an in-place operator would: a graph that still needs the old values must say so.
        parameter.unsafeGetTensorImpl()->bump_version();
    }
})

struct SgdOptions {
    double lr, momentum, dampening, weight_decay;
    int32_t nesterov, maximize;
};

// buffers[i] is null before the first step with momentum, which makes it.
DONE(sgd, (T *parameters, T *buffers, int32_t n, const SgdOptions *o), {
    at::NoGradGuard quiet;
    for (int32_t i = 0; i < n; i++) {
        at::Tensor &parameter = *parameters[i], gradient = parameter.grad();
        if (!gradient.defined())
            continue;
        if (o->weight_decay != 0)
            gradient = gradient.add(parameter, o->weight_decay);
        if (o->momentum != 0) {
            if (buffers[i])
                buffers[i]->mul_(o->momentum).add_(gradient, 1 - o->dampening);
            else
                buffers[i] = handle(gradient.detach().clone());
            gradient = o->nesterov ? gradient.add(*buffers[i], o->momentum) : *buffers[i];
        }
        parameter.add_(gradient, o->maximize ? o->lr : -o->lr);
    }
})
