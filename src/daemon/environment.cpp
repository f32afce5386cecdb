// SPDX-License-Identifier: MIT
#include "daemon/environment.h"

namespace comar {

std::vector<std::string> clean_environment() {
    return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
            "HOME=/"};
}

std::vector<std::string> environment_of(const std::string& app) {
    auto environment = clean_environment();
    environment.push_back(std::string("COMAR_SERVICE=").append(app));
    return environment;
}

}  // namespace comar
