# comar_library(NAME USES target...): one folder of src/ as one static library.
# What stands after USES is all that the folder may include and link; the
# architecture test (tests/architecture.py) holds the includes to the same table.
function(comar_library name)
    cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    if(sources)
        add_library(comar-${name} STATIC ${sources})
        target_include_directories(comar-${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
        target_compile_definitions(comar-${name} PRIVATE COMAR_VERSION="${PROJECT_VERSION}")
        target_link_libraries(comar-${name} PUBLIC ${ARG_USES})
        comar_unite(comar-${name})
    else()
        add_library(comar-${name} INTERFACE)
        target_include_directories(comar-${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
        target_link_libraries(comar-${name} INTERFACE ${ARG_USES})
    endif()
endfunction()

# comar_precompile(NAME header...): headers of libraries that most files of a folder include and
# that take longer to read than the file itself. They change nothing but the time a build takes.
function(comar_precompile name)
    target_precompile_headers(comar-${name} PRIVATE ${ARGN})
endfunction()

# comar_unite(TARGET): with COMAR_UNITY its source files are read in groups (cmake/unity.py).
function(comar_unite target)
    if(NOT COMAR_UNITY)
        return()
    endif()
    get_target_property(sources ${target} SOURCES)
    execute_process(
        COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/cmake/unity.py 8 ${sources}
        OUTPUT_VARIABLE grouped OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    string(REPLACE "\n" ";" grouped "${grouped}")
    foreach(line IN LISTS grouped)
        string(REGEX MATCH "^([0-9]+) (.*)$" line "${line}")
        set_source_files_properties(${CMAKE_MATCH_2} PROPERTIES UNITY_GROUP "group${CMAKE_MATCH_1}")
    endforeach()
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
    # Names of their own may be new by the next build.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${sources})
endfunction()

# comar_program(FOLDER NAME USES target...): one folder of src/ as one program.
# All but main.cpp is a library, comar-FOLDER, so that unit tests can link it.
function(comar_program folder name)
    cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
    comar_library(${folder} USES ${ARG_USES})
    add_executable(${name} ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/main.cpp)
    target_compile_definitions(${name} PRIVATE COMAR_VERSION="${PROJECT_VERSION}")
    target_link_libraries(${name} PRIVATE comar-${folder})
endfunction()
