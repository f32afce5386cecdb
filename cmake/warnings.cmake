# Warnings are errors in every target of the project.
add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror)
# g++ 12 reports false positives of this one deep inside the standard library.
add_compile_options(-Wno-restrict)

if(COMAR_SANITIZE)
    add_compile_options(-fsanitize=${COMAR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${COMAR_SANITIZE})
else()
    add_compile_options($<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2> -fstack-protector-strong)
    add_link_options(-Wl,-z,relro,-z,now)
endif()
