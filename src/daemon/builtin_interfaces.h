// SPDX-License-Identifier: MIT
#pragma once

#include "bus/introspection.h"

namespace comar {

// The interfaces that comard implements itself (docs/dbus.md).

/// `tr.org.pardus.comar` on `/`.
[[nodiscard]] const bus::Interface& core_interface();
/// `tr.org.pardus.comar.Manager` on `/`.
[[nodiscard]] const bus::Interface& manager_interface();
/// `tr.org.pardus.comar.Supervision` on services.
[[nodiscard]] const bus::Interface& supervision_interface();
/// `org.freedesktop.DBus.ObjectManager` on `/` and `/package`.
[[nodiscard]] const bus::Interface& object_manager_interface();
/// `org.freedesktop.DBus.Introspectable` and `.Properties`, on every object.
[[nodiscard]] const bus::Interface& introspectable_interface();
[[nodiscard]] const bus::Interface& properties_interface();

}  // namespace comar
