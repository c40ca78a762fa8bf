# SPDX-License-Identifier: Apache-2.0
# Finds the libraries; one that is missing is named with its Debian package.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

function(need_pkg prefix module package)
    pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL ${module})
    if(NOT ${prefix}_FOUND)
        message(FATAL_ERROR "${module} was not found: install the package ${package}")
    endif()
endfunction()

function(need_header name header package)
    find_path(${name}_INCLUDE_DIR ${header})
    if(NOT ${name}_INCLUDE_DIR)
        message(FATAL_ERROR "${header} was not found: install the package ${package}")
    endif()
    add_library(${name} INTERFACE)
    target_include_directories(${name} SYSTEM INTERFACE ${${name}_INCLUDE_DIR})
endfunction()

function(need_library name header package)
    need_header(${name} ${header} ${package})
    find_library(${name}_LIBRARY ${name})
    if(NOT ${name}_LIBRARY)
        message(FATAL_ERROR "lib${name} was not found: install the package ${package}")
    endif()
    target_link_libraries(${name} INTERFACE ${${name}_LIBRARY})
endfunction()

need_pkg(UV libuv>=1.44 libuv1-dev)
need_pkg(JANSSON jansson>=2.11 libjansson-dev)
need_pkg(YAML yaml-0.1 libyaml-dev)
need_pkg(CRYPTO libcrypto libssl-dev)
need_pkg(CURL libcurl>=7.87 libcurl4-openssl-dev)
need_pkg(SSL libssl libssl-dev)
need_pkg(HIREDIS hiredis libhiredis-dev)
need_header(uthash uthash.h uthash-dev)
need_library(wslay wslay/wslay.h libwslay-dev)
need_library(unistring unistr.h libunistring-dev)

# llhttp: the system's library where there is one, else the C sources that
# Debian 12 ships in node-llhttp.
find_library(LLHTTP_LIBRARY llhttp)
find_path(LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/share/include/llhttp)
if(LLHTTP_LIBRARY AND LLHTTP_INCLUDE_DIR)
    add_library(llhttp INTERFACE)
    target_link_libraries(llhttp INTERFACE ${LLHTTP_LIBRARY})
    target_include_directories(llhttp SYSTEM INTERFACE ${LLHTTP_INCLUDE_DIR})
elseif(LLHTTP_INCLUDE_DIR AND EXISTS /usr/share/llhttp/llhttp.c)
    add_library(llhttp STATIC
        /usr/share/llhttp/llhttp.c /usr/share/llhttp/api.c /usr/share/llhttp/http.c)
    # Without it, Debian's version skips what should be the CR LF behind a chunk.
    target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
    target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE_DIR})
else()
    message(FATAL_ERROR "llhttp was not found: install the package node-llhttp")
endif()
