// The layer table that a microjoule firmware carries: the ELF note in section .note.microjoule.
//
// The section is not loaded to the target and costs nothing at run time. It is a standard ELF note (name "microjoule",
// type MJRT_NOTE_TYPE, 4-byte alignment) whose descriptor has this layout, all words 32 bits, little endian:
//
//   mjrt_note_header
//   mjrt_note_tensor  inputs[input_count], then outputs[output_count]
//   mjrt_note_layer   layers[layer_count], in execution order
//   uint32_t          dims[dim_count]; shapes refer to it by index
//   char              strings[string_bytes]; zero-terminated, referred to by byte offset; padded to 4 with zeros
//   mjrt_note_tensor  activations[activation_count]; what layers read and write, referred to by index
//
// A reader accepts a version it knows and takes the three record sizes from the header, so that records may grow at
// their end without a new version. This header compiles as C11 for the firmware and as C++ on the host.
#ifndef MJRT_NOTE_H
#define MJRT_NOTE_H

#include <stdint.h>

#define MJRT_NOTE_SECTION ".note.microjoule"
#define MJRT_NOTE_NAME "microjoule"
#define MJRT_NOTE_TYPE 1u
#define MJRT_NOTE_VERSION 1u

// Where the dims of one shape stand: dims[first .. first + rank).
typedef struct mjrt_note_shape {
  uint32_t first;
  uint32_t rank;
} mjrt_note_shape;

typedef struct mjrt_note_header {
  uint32_t version;       // MJRT_NOTE_VERSION
  uint32_t header_bytes;  // sizeof(mjrt_note_header)
  uint32_t tensor_bytes;  // sizeof(mjrt_note_tensor)
  uint32_t layer_bytes;   // sizeof(mjrt_note_layer)
  uint32_t input_count;
  uint32_t output_count;
  uint32_t layer_count;
  uint32_t dim_count;
  uint32_t string_bytes;
  uint32_t model_name;      // string: the model file's stem
  uint32_t runtime_name;    // string: "mjrt <version>"
  uint32_t invoke_address;  // of mjrt_invoke: one call is one inference
  uint32_t arena_address;   // where activations live
  uint32_t arena_bytes;
  uint32_t parameter_bytes;  // all constants of the network: weights, biases, multipliers
  // Behind here: absent in notes of earlier builds, then 0.
  uint32_t activation_count;
} mjrt_note_header;

typedef struct mjrt_note_tensor {
  uint32_t name;  // string
  uint32_t address;
  uint32_t bytes;
  uint32_t type;  // TensorFlow Lite's number: 0 float32, 3 uint8, 9 int8
  mjrt_note_shape shape;
  uint32_t scale;  // float bits; 0 when the tensor isn't quantised
  int32_t zero_point;
} mjrt_note_tensor;

typedef struct mjrt_note_layer {
  uint32_t function;      // address of the layer's function; bit 0 may be set where code is Thumb
  uint32_t index;         // of the operator in the model
  uint32_t kind;          // TensorFlow Lite's operator number
  uint32_t name;          // string: the output tensor's name
  mjrt_note_shape input;  // of the first input
  mjrt_note_shape output;
  mjrt_note_shape weights;  // rank 0: none
  uint32_t macs_low;        // multiply-accumulates, 64 bits in two words
  uint32_t macs_high;
  uint32_t parameter_bytes;  // this layer's constants in the image
  uint32_t live_bytes;       // bytes of the arena in use while this layer runs
  // Behind here: absent in notes of earlier builds, then 0.
  uint32_t first_activation;  // its tensors: input_count inputs, then output_count outputs
  uint32_t input_count;       // without constants
  uint32_t output_count;
} mjrt_note_layer;

// Records of the first builds: a reader takes what is shorter for no note.
#define MJRT_NOTE_LEAST_HEADER_BYTES 60u
#define MJRT_NOTE_LEAST_LAYER_BYTES 56u

#endif
