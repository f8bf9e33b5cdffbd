# mj_library(NAME sources...): a static library of this project, warnings as errors, includes from the repository root.
function(mj_options target)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wno-sign-conversion -Werror)
  # Files built together (CMAKE_UNITY_BUILD) are in each other's shadow.
  target_compile_options(${target} PRIVATE $<$<NOT:$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wshadow>)
  # To GCC a file included by another is a header, whose classes must not have members of unnamed namespaces.
  target_compile_options(${target} PRIVATE $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wno-subobject-linkage>)
  # Tables of instructions are checked against each other when they are compiled: more steps than clang allows by itself.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-fconstexpr-steps=50000000>)
  # GCC 12 sees overlapping copies in its own std::string (GCC bug 105651).
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>)
  if(MJ_SANITIZE)
    # Numbers of a file that end in too small an integer are undefined behaviour, too: float-cast-overflow.
    target_compile_options(${target} PUBLIC -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all
                                            -fno-omit-frame-pointer)
    target_compile_definitions(${target} PUBLIC _GLIBCXX_ASSERTIONS)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
endfunction()

# Counts executed lines of this library (tools/setup/coverage): unoptimised, so that lines are what was written.
function(mj_count_lines target)
  if(MJ_COVERAGE)
    target_compile_options(${target} PRIVATE --coverage -O0)
    target_link_options(${target} PUBLIC --coverage)
  endif()
endfunction()

function(mj_library target)
  add_library(${target} STATIC ${ARGN})
  mj_options(${target})
  if(MJ_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link
                           -fsanitize-coverage-ignorelist=${PROJECT_SOURCE_DIR}/tests/fuzz/not_ours.txt)
  endif()
endfunction()

# mj_test(NAME sources... LIBS libs...): a GoogleTest program whose cases CTest lists one by one.
function(mj_test target)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  add_executable(${target} ${ARG_UNPARSED_ARGUMENTS})
  mj_options(${target})
  # What is tested is optimised; a test's own code runs once.
  target_compile_options(${target} PRIVATE -O0)
  target_link_libraries(${target} PRIVATE ${ARG_LIBS} GTest::gmock GTest::gtest_main)
  # Where a test and a library have the same instantiation, the linker takes either.
  mj_count_lines(${target})
  gtest_discover_tests(${target} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()
