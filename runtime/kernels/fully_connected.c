// FULLY_CONNECTED: a weight matrix [out_c][in_c] times each input row.
#include "dot.h"
#include "mjrt/mjrt.h"
#include "output.h"

void mjrt_fully_connected(const mjrt_dense_params* p, const int8_t* in, const int8_t* weights, const int32_t* bias,
                          int8_t* out) {
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    const int8_t* row = weights;
    int32_t c = 0;
    for (; c + 2 <= p->out_c; c += 2, row += 2 * p->in_c) {
      int32_t acc[2] = {bias ? bias[c] : 0, bias ? bias[c + 1] : 0};
      mjrt_dot_1x2(in, row, row + p->in_c, p->in_c, p->input_offset, acc);
      out[c] = mjrt_to_output(&p->output, c, acc[0]);
      out[c + 1] = mjrt_to_output(&p->output, c + 1, acc[1]);
    }
    if (c < p->out_c) {
      const int32_t acc = mjrt_dot_1x1(in, row, p->in_c, p->input_offset, bias ? bias[c] : 0);
      out[c] = mjrt_to_output(&p->output, c, acc);
    }
    in += p->in_c;
    out += p->out_c;
  }
}
