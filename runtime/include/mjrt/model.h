// What the generated model.c offers to the firmware around it.
//
// Besides these names there are the symbols mjrt_input_data, mjrt_output_data (the first tensors; further ones are
// mjrt_input_1_data, ...), through which a debugger or simulator can feed and read tensors without the note.
#ifndef MJRT_MODEL_H
#define MJRT_MODEL_H

#include <stdint.h>

typedef enum mjrt_type { MJRT_FLOAT32 = 0, MJRT_UINT8 = 3, MJRT_INT8 = 9 } mjrt_type;

typedef struct mjrt_tensor {
  const char* name;
  void* data;
  uint32_t bytes;
  mjrt_type type;
} mjrt_tensor;

extern const char mjrt_model_name[];
extern const mjrt_tensor mjrt_inputs[];
extern const uint32_t mjrt_input_count;
extern const mjrt_tensor mjrt_outputs[];
extern const uint32_t mjrt_output_count;

// One inference: from what stands in the inputs to the outputs. A host may write the inputs when this is entered.
void mjrt_invoke(void);

#endif
