// SPDX-License-Identifier: MIT
#include "core/strong_components.h"

#include <algorithm>

namespace comar {
namespace {

class Search {
public:
    explicit Search(const Successors& successors)
        : successors_(successors), nodes_(successors.size()) {}

    std::vector<std::vector<std::size_t>> run() {
        for (std::size_t node = 0; node < nodes_.size(); ++node) {
            if (nodes_[node].number == 0) search_from(node);
        }
        return std::move(components_);
    }

private:
    struct Node {
        std::size_t number = 0;  ///< in the order of the search, from 1; 0: not found yet
        std::size_t lowest = 0;  ///< the least number that is reached and has no component yet
        std::size_t next = 0;    ///< the edge to look at next
        bool open = false;       ///< it has no component yet
    };

    void search_from(std::size_t root) {
        find(root);
        while (!path_.empty()) {
            const std::size_t here = path_.back();
            Node& node = nodes_[here];
            if (node.next < successors_[here].size()) {
                look_at(node, successors_[here][node.next++]);
            } else {
                leave(here);
            }
        }
    }

    void find(std::size_t here) {
        nodes_[here] = {++found_, found_, 0, true};
        path_.push_back(here);
        open_.push_back(here);
    }

    void look_at(Node& node, std::size_t successor) {
        const Node& other = nodes_[successor];
        if (other.number == 0) return find(successor);
        if (other.open) node.lowest = std::min(node.lowest, other.number);
    }

    void leave(std::size_t here) {
        path_.pop_back();
        const Node& node = nodes_[here];
        if (!path_.empty()) {
            Node& before = nodes_[path_.back()];
            before.lowest = std::min(before.lowest, node.lowest);
        }
        if (node.lowest == node.number) close(here);
    }

    void close(std::size_t first) {
        const auto begin = std::find(open_.rbegin(), open_.rend(), first).base() - 1;
        for (auto member = begin; member != open_.end(); ++member) nodes_[*member].open = false;
        components_.emplace_back(begin, open_.end());
        open_.erase(begin, open_.end());
    }

    const Successors& successors_;
    std::vector<Node> nodes_;
    std::vector<std::size_t> path_;
    std::vector<std::size_t> open_;
    std::vector<std::vector<std::size_t>> components_;
    std::size_t found_ = 0;
};

}  // namespace

std::vector<std::vector<std::size_t>> strong_components(const Successors& successors) {
    return Search(successors).run();
}

}  // namespace comar
