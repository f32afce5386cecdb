find_package(PkgConfig REQUIRED)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)

# Always the distribution's interpreter: services must not depend on whatever
# python3 somebody put first on PATH.
set(Python3_EXECUTABLE /usr/bin/python3 CACHE FILEPATH "The interpreter whose library the script host embeds")
set(PYTHON_EXECUTABLE ${Python3_EXECUTABLE})
set(Python3_ROOT_DIR /usr)
set(Python3_FIND_STRATEGY LOCATION)
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter Development)
set(PYBIND11_FINDPYTHON OFF)
find_package(pybind11 REQUIRED)

find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
find_package(pugixml REQUIRED)
find_package(tl-expected REQUIRED)
