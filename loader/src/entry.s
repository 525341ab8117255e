# The two ways in, and from there to 64-bit code.
#
# Both callers start us in 32-bit protected mode with flat segments, paging off, interrupts off,
# and the address of what they have to say in EBX. Intel SDM vol. 3A, 9.8.5, has the steps from
# there to long mode.

    .set FRONT_END_PVH, 0
    .set FRONT_END_MULTIBOOT2, 1

    .set CODE_64, 0x28
    .set DATA_64, 0x30
    .set HHDM_SLOT, 256                 # HHDM, 0xffff800000000000, is this slot of the root table

    # QEMU reads 8 bytes of entry address from a 64-bit file's note.
    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18                      # XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad pvh_entry

    .section .multiboot2, "a", @progbits
    .balign 8
multiboot2_header:
    .long 0xe85250d6, 0                 # magic, architecture: 32-bit protected mode
    .long multiboot2_header_end - multiboot2_header
    .long 0x17adaf2a - (multiboot2_header_end - multiboot2_header)   # makes the sum 0
    .short 5, 1                         # framebuffer, a wish: width, height, depth
    .long 20, 1280, 800, 32
    .balign 8
    .short 6, 1                         # modules on page boundaries, a wish
    .long 8
    .short 0, 0                         # end
    .long 8
multiboot2_header_end:

    .section .text.entry, "ax", @progbits
    .code32
    .global pvh_entry
pvh_entry:
    mov esi, FRONT_END_PVH
    jmp start_32

    .global multiboot2_entry
multiboot2_entry:
    mov esi, FRONT_END_MULTIBOOT2
    cmp eax, 0x36d76289
    je start_32
    mov ebx, 0                          # no boot information: found out later

start_32:
    cli
    cld
    mov edi, ebx
    mov esp, offset stack_top

    # A processor without long mode gets a message instead.
    mov eax, 0x80000000
    cpuid
    cmp eax, 0x80000001
    jb no_long_mode
    mov eax, 0x80000001
    cpuid
    bt edx, 29
    jnc no_long_mode
    mov ebp, edx

    # The first 4 GiB, in 2 MiB pages, where they are and at the higher half direct map.
    mov eax, offset early_directories + 3
    xor ecx, ecx
0:  mov [early_pointers + ecx * 8], eax
    add eax, 4096
    inc ecx
    cmp ecx, 4
    jb 0b
    mov eax, 0x83
    xor ecx, ecx
0:  mov [early_directories + ecx * 8], eax
    add eax, 0x200000
    inc ecx
    cmp ecx, 2048
    jb 0b
    mov eax, offset early_pointers + 3
    mov [early_root], eax
    mov [early_root + HHDM_SLOT * 8], eax

    mov eax, 1 << 5                     # PAE
    mov cr4, eax
    mov eax, offset early_root
    mov cr3, eax
    mov ecx, 0xc0000080                 # EFER: LME, and NXE where there is no-execute
    rdmsr
    or eax, 1 << 8
    bt ebp, 20
    jnc 0f
    or eax, 1 << 11
0:  wrmsr
    mov [early_efer], eax
    mov eax, 0x80010011                 # PG, WP, ET, PE; caches on
    mov cr0, eax
    lgdt [gdt_pointer]
    .byte 0xea                          # far jump
    .long start_64
    .short CODE_64

    .code64
start_64:
    mov eax, DATA_64
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov fs, eax
    mov gs, eax
    mov rsp, offset stack_top
    xor ebp, ebp
    mov edi, edi                        # the upper halves are undefined after the switch
    mov esi, esi
    call loader_main
    ud2

    .code32
no_long_mode:
    mov esi, offset no_long_mode_text
    mov edi, 0xb8000
    mov ah, 0x4f                        # white on red
    mov edx, 0x3f8
0:  lodsb
    test al, al
    jz 1f
    stosw
    out dx, al
    jmp 0b
1:  cli
    hlt
    jmp 1b

    .section .rodata.entry, "a", @progbits
no_long_mode_text:
    .asciz "Quicklime needs a 64-bit processor. "

    # The seven descriptors that the protocol lists, in its order.
    .section .data.gdt, "aw", @progbits
    .balign 8
    .global gdt
gdt:
    .quad 0
    .quad 0x00009b000000ffff            # 16-bit code
    .quad 0x000093000000ffff            # 16-bit data
    .quad 0x00cf9b000000ffff            # 32-bit code
    .quad 0x00cf93000000ffff            # 32-bit data
    .quad 0x00af9b000000ffff            # 64-bit code
    .quad 0x00cf93000000ffff            # 64-bit data
    .global gdt_pointer
gdt_pointer:
    .short 7 * 8 - 1
    .quad gdt
    # The same table, at the address it has once the identity mapping is gone.
    .balign 8
    .global gdt_pointer_high
gdt_pointer_high:
    .short 7 * 8 - 1
    .quad gdt + 0xffff800000000000

    .section .bss.entry, "aw", @nobits
    .balign 4096
    .global early_root
early_root:
    .skip 4096
early_pointers:
    .skip 4096
early_directories:
    .skip 4 * 4096
    .global early_efer
early_efer:
    .skip 8
    .balign 16
    .skip 128 * 1024
stack_top:
